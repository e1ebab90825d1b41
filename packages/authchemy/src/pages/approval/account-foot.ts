import { html } from "hono/html"
import type { Markup } from "../page.ts"

type SignedIn = { email: string; name: string }

/** Says who is signed in to this browser, and lets somebody else sign in instead. @param path the page to come back to */
export function accountFoot(account: SignedIn, path: string): Markup {
  return html`<form method="post" action="/sign-out" class="foot who">
<input type="hidden" name="return_to" value="${path}">
${signedInAs(account)}
<button type="submit" class="link">Use another account</button>
</form>`
}

/** The same inside a form that asks for a decision: its answer is then `decision=switch`. */
export function accountFootInForm(account: SignedIn): Markup {
  return html`<div class="foot who">
${signedInAs(account)}
<button type="submit" name="decision" value="switch" class="link">Use another account</button>
</div>`
}

function signedInAs(account: SignedIn): Markup {
  return html`<p>Signed in as <bdi>${account.name}</bdi><br><bdi>${account.email}</bdi></p>`
}
