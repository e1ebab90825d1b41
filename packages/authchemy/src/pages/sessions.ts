import type { Session } from "@authchemy/tokens"
import { html } from "hono/html"
import { accountFoot } from "./account-foot.ts"
import { fact, isStated } from "./fact.ts"
import { layout, type Markup } from "./layout.ts"

export const SESSIONS_PATH = "/sessions"

/** What the form says in place of an id to end every session. */
export const ALL_SESSIONS = "all"

/**
 * Lists the sessions of command-line programs, each with a button that ends it. Program, machine and system are the
 * programs' own claims.
 * @param page.formToken proves to the server that a form was on this page
 */
export function sessionsPage(page: {
  account: { email: string; name: string }
  sessions: readonly Session[]
  formToken: string
}): Markup {
  const { sessions, formToken } = page
  return layout({
    title: "Your sessions",
    content: html`<h1>Your sessions</h1>
${
  sessions.length === 0
    ? html`<p class="lead">No command-line program is signed in to this account. To sign one in, start it in your terminal.</p>`
    : html`<p class="lead">${sessions.length === 1 ? "One command-line program is" : `${sessions.length} command-line programs are`} signed in to this account. Ending a session signs that program out at once.</p>
<ul class="sessions" role="list">
${sessions.map((session) => sessionItem(session, formToken))}
</ul>`
}
${sessions.length > 1 ? html`<form method="post" action="${SESSIONS_PATH}">${formFields(formToken, ALL_SESSIONS)}<button type="submit">End all sessions</button></form>` : ""}
${accountFoot(page.account, SESSIONS_PATH)}`,
  })
}

function sessionItem(session: Session, formToken: string): Markup {
  const { id, device } = session
  const machine = isStated(device.name) ? device.name : "Unnamed machine"
  return html`<li>
<h2><bdi>${machine}</bdi></h2>
<dl class="facts">
${fact("Program", device.client)}
${fact("System", device.os)}
${fact("Signed in", html`<span id="signed-in-${id}">${utc(session.createdAt)}</span>`)}
${fact("Last used", utc(session.lastUsedAt))}
${fact("Until", utc(session.expiresAt))}
</dl>
<form method="post" action="${SESSIONS_PATH}">${formFields(formToken, id)}<button type="submit" class="second" aria-label="End session on ${machine}" aria-describedby="signed-in-${id}">End session</button></form>
</li>`
}

function formFields(formToken: string, session: string): Markup {
  return html`<input type="hidden" name="form_token" value="${formToken}"><input type="hidden" name="session" value="${session}">`
}

/** A time as `23 Nov 2026, 22:05 UTC`. @param time milliseconds since the epoch */
function utc(time: number): Markup {
  const date = new Date(time)
  const text = date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" })
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`
}
