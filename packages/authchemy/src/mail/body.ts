import { html } from "hono/html"

/**
 * A piece of a mail, before it is text or HTML. A text is one paragraph. `button`: what the mail is for, as a button that leads to `url`. `url` alone: a link
 * that is written out. `facts`: names and values.
 */
export type Part =
  | string
  | { button: string; url: string }
  | { url: string }
  | { facts: readonly (readonly [name: string, value: string])[] }

/** Whose mail it is: a name and an address, at its end. */
export type Foot = { name: string; url: string }

/** The plain text. Addresses stand alone on their lines, so that every mail program finds them whole. */
export function renderText(parts: readonly Part[], foot: Foot): string {
  const paragraphs = parts.map((part) => {
    if (typeof part === "string") return part
    return "facts" in part ? part.facts.map(([name, value]) => `${name}: ${value}`).join("\n") : part.url
  })
  return `${[...paragraphs, `${foot.name}\n${foot.url}`].join("\n\n")}\n`
}

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif"
const PARAGRAPH = "margin:0 0 16px;overflow-wrap:anywhere"
const BUTTON =
  "display:inline-block;padding:12px 20px;border-radius:10px;background-color:#0f766e;color:#ffffff;font-weight:600;text-decoration:none"

/**
 * The HTML: the same words, and no image, no style sheet, no script, nothing that is fetched. But for the button it sets no colours, so it is light or dark as its
 * reader is.
 */
export function renderHtml(parts: readonly Part[], foot: Foot, title: string): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
</head>
<body style="margin:0;padding:24px 16px">
<div style="max-width:32rem;margin:0 auto;${FONT};font-size:16px;line-height:1.5">
<p style="margin:0 0 24px;font-weight:650;font-size:17px">${foot.name}</p>
${parts.map(partOf)}
<p style="margin:32px 0 0;font-size:14px">${foot.name}<br>${link(foot.url)}</p>
</div>
</body>
</html>
`
  return String(page)
}

function partOf(part: Part) {
  if (typeof part === "string") return html`<p style="${PARAGRAPH}">${part}</p>\n`
  if ("facts" in part)
    return html`<table role="presentation" style="margin:0 0 16px;border-spacing:0">${part.facts.map(row)}</table>\n`
  if (!("button" in part)) return html`<p style="${PARAGRAPH}">${link(part.url)}</p>\n`
  return html`<p style="margin:24px 0"><a href="${part.url}" style="${BUTTON}">${part.button}</a></p>
<p style="${PARAGRAPH};font-size:14px">If the button does nothing, open this address:<br>${link(part.url)}</p>
`
}

function row([name, value]: readonly [string, string]) {
  return html`<tr><td style="padding:2px 16px 2px 0;vertical-align:top">${name}</td><td style="padding:2px 0;font-weight:600">${value}</td></tr>`
}

function link(url: string) {
  return html`<a href="${url}" style="color:inherit">${url}</a>`
}
