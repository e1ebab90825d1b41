import { html } from "hono/html"
import type { Markup } from "./layout.ts"

/** Says who is signed in to this browser, and lets somebody else sign in instead. @param path the page to come back to */
export function accountFoot(account: { email: string; name: string }, path: string): Markup {
  return html`<form method="post" action="/sign-out" class="foot who">
<input type="hidden" name="return_to" value="${path}">
<p>Signed in as <bdi>${account.name}</bdi><br><bdi>${account.email}</bdi></p>
<button type="submit" class="link">Use another account</button>
</form>`
}
