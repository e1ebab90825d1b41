import { html } from "hono/html"
import { layout, type Markup } from "./layout.ts"
import { SESSIONS_PATH } from "./sessions.ts"

/** Where a browser ends that signed in without coming from a command-line program. */
export function signedInPage(page: { account: { email: string; name: string } }): Markup {
  return layout({
    title: "Signed in",
    content: html`<h1>You are signed in</h1>
<p class="lead">This browser is signed in as <bdi>${page.account.email}</bdi>. To sign in a command-line program, start it in your terminal.</p>
<form method="post" action="/sign-out">
<input type="hidden" name="return_to" value="/sign-in">
<button type="submit" class="second">Sign out of this browser</button>
</form>
<p class="foot"><a href="${SESSIONS_PATH}">Command-line sessions</a></p>`,
  })
}
