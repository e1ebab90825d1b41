import { html } from "hono/html"
import type { Markup, Page } from "../page.ts"

/**
 * Tells that a link is on its way; where the server sends no mail, who has it. Says the same whether there is such an account or not.
 * @param page.isSent whether there is a mail server
 * @param page.sent what has been sent, in a sentence or two
 * @param page.again what somebody does whom no mail reaches
 */
export function checkMailPage(page: {
  isSent: boolean
  sent: Markup
  again: Markup
  signInUrl: string
}): Page {
  if (!page.isSent) return linkInLogPage(page)
  return {
    title: "Check your mail",
    content: html`<h1>Check your mail</h1>
<p class="lead">${page.sent}</p>
<p>Nothing there after a few minutes? Look among the spam. ${page.again}</p>
<p class="foot"><a href="${page.signInUrl}">Back to sign in</a></p>`,
  }
}

/** Without a mail server, which is how a server begins. */
function linkInLogPage(page: { signInUrl: string }): Page {
  return {
    title: "Ask for the link",
    content: html`<h1>Ask for the link</h1>
<p class="lead">This server sends no mail. If there is something to send, the link is in its log: whoever runs this server passes it on.</p>
<p>Is it yours? Look for the line with <code>link</code>; <code>AUTHCHEMY_SMTP_URL</code> has mail sent.</p>
<p class="foot"><a href="${page.signInUrl}">Back to sign in</a></p>`,
  }
}

/** Where the server's mail cannot be sent. Nothing has changed. @param page.againUrl the form that was sent */
export function mailUnavailablePage(page: { againUrl: string; signInUrl: string }): Page {
  return {
    title: "Mail cannot be sent",
    content: html`<h1>Mail cannot be sent right now</h1>
<p class="lead">This server cannot reach its mail server, so no link has been sent. Nothing has changed.</p>
<p>Try again in a few minutes. If it goes on, ask whoever runs this server.</p>
<p class="foot"><a href="${page.againUrl}">Try again</a> · <a href="${page.signInUrl}">Sign in</a></p>`,
  }
}
