import { html } from "hono/html"
import { STYLE_PATH } from "./style.ts"

/** A piece of markup. Values put into `html` templates are escaped unless they are markup themselves. */
export type Markup = ReturnType<typeof html>

export const ICON_PATH = "/assets/icon.svg"

/** The mark: a flask, in the accent colour. */
export const ICON_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f766e"/><path d="M13 7h6m-5 0v6.2L8.6 22.4A1.8 1.8 0 0 0 10.2 25h11.6a1.8 1.8 0 0 0 1.6-2.6L18 13.2V7M11.4 18.5h9.2" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`

/** The frame of every page: head, brand, and one card with the page's content. Has no script. */
export function layout(page: { title: string; content: Markup }): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${page.title} · Authchemy</title>
<link rel="icon" href="${ICON_PATH}" type="image/svg+xml">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<header class="brand"><img src="${ICON_PATH}" alt="" width="28" height="28"><span>Authchemy</span></header>
<main class="card">
${page.content}
</main>
</body>
</html>`
}
