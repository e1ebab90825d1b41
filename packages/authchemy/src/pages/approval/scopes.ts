import { DEFAULT_EXPIRES_IN_SECONDS, type Scope } from "@authchemy/protocol"
import { html } from "hono/html"
import type { Markup } from "../page.ts"

/** What each scope lets a program do, in words for people. */
export const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  "account:read": "See your name and email address",
  "apps:read": "See your apps, their keys included",
  "apps:write": "Create, change and delete apps",
  "sessions:manage": "See and end your sessions, and see what happened in your account",
  "keys:manage": "Create and delete access keys",
  offline_access: `Stay signed in without asking again, for up to ${DEFAULT_EXPIRES_IN_SECONDS / 86_400} days`,
}

/** What a program can do once it is approved. @param scopes at least one, in the order of the list */
export function scopeList(scopes: readonly Scope[]): Markup {
  return html`<section class="scopes" aria-labelledby="scopes-title">
<h2 id="scopes-title">If you approve, it can:</h2>
<ul>
${scopes.map((scope) => html`<li>${SCOPE_WORDS[scope]}</li>`)}
</ul>
</section>`
}
