import type { DeviceClaims } from "@authchemy/protocol"
import type { Session } from "@authchemy/tokens"
import { html } from "hono/html"
import type { SignedInBrowser } from "../../accounts/built-in.ts"
import { counted } from "../../counts-in-words.ts"
import { isStated } from "../fact.ts"
import { notice } from "../form-field.ts"
import { type Markup, type Page, SECTIONS } from "../page.ts"
import { placeOf } from "../place.ts"
import { ago, utc, utcDay } from "../time.ts"
import { browsersPanel } from "./browsers-panel.ts"
import { tokenField } from "./token-field.ts"

export const SESSIONS_PATH = SECTIONS.sessions.path

/** What the form says in place of an id to end every session. */
export const ALL_SESSIONS = "all"

/** An approval that no program has collected its token for yet. Times are milliseconds since the epoch. */
export type PendingApproval = { id: string; device: DeviceClaims; approvedAt: number; expiresAt: number }

/** What a form has just ended. `approvals`: how many were taken back that no program had collected. */
export type Ended =
  | { what: "programs"; count: number; approvals: number }
  | { what: "browsers"; count: number }
  | { what: "nothing" }

/**
 * Lists what is signed in: command-line programs, the approvals that they have not collected yet, and browsers, each with a button that ends it. Program,
 * machine and system are the programs' own claims.
 * @param page.addresses from where each session began, by its id; without those of which nothing is known
 * @param page.browsers `null`: browsers are somebody else's matter
 * @param page.formToken proves to the server that a form was on this page
 * @param page.now milliseconds since the epoch
 */
export function sessionsPage(page: {
  account: { email: string; name: string }
  sessions: readonly Session[]
  addresses: ReadonlyMap<string, string>
  pending: readonly PendingApproval[]
  browsers: readonly SignedInBrowser[] | null
  ended: Ended | null
  formToken: string
  now: number
}): Page {
  const { account, browsers, ended } = page
  return {
    title: "Sessions",
    signedIn: { account, section: "sessions" },
    content: html`<h1>Sessions</h1>
<p class="lead">What is signed in to your account. Ending a session signs that program or browser out at once.</p>
${notice(ended === null ? null : endedSentence(ended))}
${programsPanel(page)}
${browsers === null ? "" : browsersPanel({ ...page, browsers, action: SESSIONS_PATH })}`,
  }
}

function endedSentence(ended: Ended): string {
  if (ended.what === "nothing") return "Nothing was ended: that session was over already."
  if (ended.what === "browsers") return `${counted(ended.count, "browser")} ${were(ended.count)} signed out.`
  const { count, approvals } = ended
  const programs =
    count === 0 && approvals > 0 ? "" : `${counted(count, "program")} ${were(count)} signed out.`
  const takenBack = `${counted(approvals, "approval")} that no program had collected ${were(approvals)} taken back.`
  return [programs, approvals === 0 ? "" : takenBack].filter((sentence) => sentence !== "").join(" ")
}

function were(count: number): string {
  return count === 1 ? "was" : "were"
}

type Programs = Pick<
  Parameters<typeof sessionsPage>[0],
  "sessions" | "addresses" | "pending" | "formToken" | "now"
>

/** One form around all rows: each button says which session it ends. */
function programsPanel(programs: Programs): Markup {
  const { sessions, pending, formToken } = programs
  return html`<section class="panel">
<h2>Command-line programs</h2>
${summary(sessions.length)}
${
  sessions.length + pending.length === 0
    ? ""
    : html`<form method="post" action="${SESSIONS_PATH}">
${tokenField(formToken)}
<ul class="rows" role="list">
${pending.map((approval) => pendingRow(approval, programs.now))}
${sessions.map((session) => sessionRow(session, programs))}
</ul>
${sessions.length + pending.length > 1 || sessions.length === 0 ? endAll(pending.length) : ""}
</form>`
}
</section>`
}

function summary(count: number): Markup {
  if (count === 0)
    return html`<p class="lead">No command-line program is signed in to this account. To sign one in, run <code>alchemy auth</code> in your terminal.</p>`
  return html`<p class="lead">${count === 1 ? "One command-line program is" : `${count} command-line programs are`} signed in to this account.</p>`
}

function endAll(pending: number): Markup {
  const hint = html`<p class="hint" id="all-hint">Approvals that have not been collected are taken back, too.</p>`
  return html`<button type="submit" name="session" value="${ALL_SESSIONS}" class="danger"${pending === 0 ? "" : html` aria-describedby="all-hint"`}>End all programs</button>
${pending === 0 ? "" : hint}`
}

function sessionRow(session: Session, { addresses, now }: Programs): Markup {
  const { id, device } = session
  const machine = machineOf(device)
  return html`<li>
<div>
<h3><bdi>${machine}</bdi></h3>
<p class="meta">${claims(device)}</p>
<p class="meta">From ${placeOf(addresses.get(id) ?? null)}</p>
<p class="meta">Signed in <span id="signed-in-${id}">${utc(session.createdAt)}</span></p>
<p class="meta">Last used ${ago(session.lastUsedAt, now)} · ends ${utcDay(session.expiresAt)}</p>
</div>
<button type="submit" name="session" value="${id}" class="second small" aria-label="End session on ${machine}" aria-describedby="signed-in-${id}">End</button>
</li>`
}

function pendingRow({ device, approvedAt, expiresAt }: PendingApproval, now: number): Markup {
  return html`<li>
<div>
<h3><bdi>${machineOf(device)}</bdi> <span class="tag warn">pending</span></h3>
<p class="meta">${claims(device)}</p>
<p class="meta">Approved ${ago(approvedAt, now)}, not collected by the program yet</p>
<p class="meta">It can be until ${utc(expiresAt)}</p>
</div>
</li>`
}

function machineOf({ name }: DeviceClaims): string {
  return isStated(name) ? name : "Unnamed machine"
}

function claims({ client, os }: DeviceClaims): Markup {
  return html`${claim(client, "program")} · ${claim(os, "system")}`
}

function claim(value: string | undefined, what: string): Markup {
  return isStated(value) ? html`<bdi>${value}</bdi>` : html`<span class="unstated">${what} not stated</span>`
}
