import type { DeviceClaims } from "@authchemy/protocol"
import { html } from "hono/html"
import { accountFoot } from "./account-foot.ts"
import { fact } from "./fact.ts"
import { layout, type Markup } from "./layout.ts"

/**
 * Asks the person to approve or deny a sign-in. Program, machine and system are the caller's own claims; the phrase ties the
 * page to the terminal.
 * @param page.phrase the approval phrase, or `null` where the program sent no code challenge
 * @param page.request the sealed request that the form carries
 * @param page.path this page's own path and query, for the way back from another account
 */
export function approvePage(page: {
  device: DeviceClaims
  address: string
  account: { email: string; name: string }
  phrase: string | null
  request: string
  path: string
}): Markup {
  return layout({
    title: "Approve sign-in",
    content: html`<h1>Approve this sign-in?</h1>
<p class="lead">A command-line program asks to act as you.</p>
${page.phrase === null ? withoutPhrase() : phraseBox(page.phrase)}
<dl class="facts">
${fact("Program", page.device.client)}
${fact("Machine", page.device.name)}
${fact("System", page.device.os)}
${fact("Address", page.address)}
</dl>
<form method="post" action="/login">
<input type="hidden" name="request" value="${page.request}">
<h2>Did you start this on your computer?</h2>
<p class="hint">If you did not, or are not sure, choose Deny: nothing is shared.</p>
<div class="choice">
<button type="submit" name="decision" value="deny" class="second">Deny</button>
<button type="submit" name="decision" value="approve">Approve</button>
</div>
</form>
${accountFoot(page.account, page.path)}`,
  })
}

function phraseBox(phrase: string): Markup {
  return html`<section class="phrase" aria-labelledby="phrase-title">
<h2 id="phrase-title">Phrase</h2>
<p class="words">${phrase}</p>
<p class="hint">It must match the one in your terminal.</p>
</section>`
}

function withoutPhrase(): Markup {
  return html`<p class="warning"><strong>No phrase to compare.</strong> This program uses an older way to sign in, so this page cannot be matched with your terminal. Approve only if you started it a moment ago.</p>`
}
