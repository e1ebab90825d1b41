import { html } from "hono/html"
import { type Markup, type Page, SECTIONS, type Section } from "./page.ts"
import type { Site } from "./site.ts"

/** The frame of every page: head, brand, the menu of somebody who is signed in, and the content. */
export function layout(site: Site, page: Page): Markup {
  const { signedIn } = page
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${page.title} · ${site.name}</title>
<link rel="icon" href="${site.icon.path}" type="${site.icon.type}">
<link rel="stylesheet" href="${site.style.path}">
${(page.scripts ?? []).map((name) => html`<script type="module" src="${site.scripts[name].path}"></script>`)}
</head>
${signedIn === undefined ? plainBody(site, page) : signedInBody(site, page, signedIn)}
</html>`
}

function brand(site: Site): Markup {
  return html`<img src="${site.icon.path}" alt="" width="28" height="28"><span>${site.name}</span>`
}

function plainBody(site: Site, page: Page): Markup {
  return html`<body>
<header class="brand">${brand(site)}</header>
<main class="card">
${page.content}
</main>
</body>`
}

function signedInBody(site: Site, page: Page, signedIn: NonNullable<Page["signedIn"]>): Markup {
  const { account, section } = signedIn
  const sections = (Object.keys(SECTIONS) as Section[]).filter(
    (name) => name !== "security" || site.hasSecurityPage,
  )
  return html`<body class="wide">
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="/">${brand(site)}</a>
<form method="post" action="/sign-out" class="me"><input type="hidden" name="return_to" value="/">
<span class="email"><bdi>${account.email}</bdi></span><button type="submit" class="link">Sign out</button></form>
<nav aria-label="Your account"><ul>
${sections.map((name) => html`<li><a href="${SECTIONS[name].path}"${name === section ? html` aria-current="page"` : ""}>${SECTIONS[name].title}</a></li>`)}
</ul></nav>
</header>
<main id="content">
${page.content}
</main>
</body>`
}
