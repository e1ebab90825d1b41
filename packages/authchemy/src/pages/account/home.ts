import { html } from "hono/html"
import type { RecordedEvent } from "../../audit/events.ts"
import { sentenceOf } from "../../audit/sentences.ts"
import { counted } from "../../counts-in-words.ts"
import { type Markup, type Page, SECTIONS } from "../page.ts"
import { placeOf } from "../place.ts"
import { ago } from "../time.ts"
import { secretText } from "./secret-text.ts"

/**
 * Where a browser arrives that signed in without coming from a command-line program.
 * @param page.lastSignIn `null`: none is recorded
 * @param page.issuer this server's origin
 * @param page.now milliseconds since the epoch
 */
export function homePage(page: {
  account: { email: string; name: string }
  programs: number
  accessKeys: number
  lastSignIn: RecordedEvent | null
  issuer: string
  now: number
}): Page {
  const { account, programs, accessKeys, lastSignIn, issuer, now } = page
  return {
    title: "Home",
    signedIn: { account, section: null },
    scripts: ["copy"],
    content: html`<h1>You are signed in</h1>
<p class="lead">This browser is signed in as <bdi>${account.email}</bdi>.</p>
<section class="panel">
<h2 id="command-label">Sign in your terminal</h2>
<p class="lead">Run this on your computer. It opens this server in a browser and asks you to approve it.</p>
${secretText({ id: "command", text: "alchemy auth", describedBy: "command-label" })}
<p class="meta" id="server-label">If the command does not know this server yet, run this before it:</p>
${secretText({ id: "server", text: `alchemy config set auth-url ${issuer}`, describedBy: "server-label" })}
</section>
<section class="panel">
<h2>Your account</h2>
<ul class="rows" role="list">
${row(SECTIONS.sessions.path, "Command-line programs", programs === 0 ? "None is signed in." : `${programs === 1 ? "One is" : `${programs} are`} signed in.`)}
${row(SECTIONS.accessKeys.path, SECTIONS.accessKeys.title, accessKeys === 0 ? "For jobs and machines that no person sits at." : `${counted(accessKeys, "key")} for jobs and machines that no person sits at.`)}
${row(SECTIONS.apps.path, SECTIONS.apps.title, "API keys, their networks, and who may use them.")}
${row(SECTIONS.activity.path, SECTIONS.activity.title, lastSignIn === null ? "What happened in your account." : lastSignInLine(lastSignIn, now))}
</ul>
</section>`,
  }
}

function row(path: string, title: string, text: string | Markup): Markup {
  return html`<li><div><h3><a href="${path}">${title}</a></h3><p class="meta">${text}</p></div></li>`
}

function lastSignInLine(event: RecordedEvent, now: number): Markup {
  return html`Last sign-in: <bdi>${sentenceOf(event)}</bdi>, ${ago(event.at, now)}, from ${placeOf(event.origin.address)}.`
}
