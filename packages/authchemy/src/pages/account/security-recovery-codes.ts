import { html } from "hono/html"
import type { Page } from "../page.ts"

/** Shows recovery codes, this once. @param page.turnedOn whether they come with the second factor, or in place of earlier ones */
export function recoveryCodesPage(page: {
  account: { email: string; name: string }
  codes: readonly string[]
  turnedOn: boolean
}): Page {
  return {
    title: "Recovery codes",
    signedIn: { account: page.account, section: "security" },
    scripts: ["copy"],
    content: html`<h1>${page.turnedOn ? "The second factor is on" : "New recovery codes"}</h1>
<section class="panel" aria-labelledby="codes-title">
<h2 id="codes-title">Your recovery codes</h2>
<p class="lead">When you have lost your device, one of these takes the place of a code from it. Each works once.</p>
<p class="warning">They are shown this once. Keep them where your password is not${page.turnedOn ? "" : "; earlier ones are void"}.</p>
<ul class="codes" id="recovery-codes" role="list">
${page.codes.map(
  (code) => html`<li>${code}</li>
`,
)}</ul>
<div class="buttons"><button type="button" class="second" data-copy="#recovery-codes" hidden>Copy codes</button>
<a class="button" href="/security">I have kept them</a></div>
</section>`,
  }
}

/** In place of codes that were shown already, where their page is loaded again. */
export function recoveryCodesShownPage(page: { account: { email: string; name: string } }): Page {
  return {
    title: "Sent already",
    signedIn: { account: page.account, section: "security" },
    content: html`<h1>This form was sent already</h1>
<section class="panel">
<p class="lead">Nothing was done a second time. Recovery codes are shown once; if you did not keep them, make new ones.</p>
<a class="button" href="/security">Back to Security</a>
</section>`,
  }
}
