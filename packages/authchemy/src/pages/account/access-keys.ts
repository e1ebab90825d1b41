import { DEFAULT_SCOPES } from "@authchemy/protocol"
import { html } from "hono/html"
import type { AccessKeyRecord } from "../../admin/access-keys.ts"
import { type FormProblem, formAlert, formField, notice, selectField } from "../form-field.ts"
import { type Markup, type Page, SECTIONS } from "../page.ts"
import { ago, utc } from "../time.ts"
import { secretText } from "./secret-text.ts"
import { tokenField } from "./token-field.ts"

const { path: ACCESS_KEYS_PATH } = SECTIONS.accessKeys

/** How long a key may live, by what the form says. */
export const KEY_LIFETIMES = {
  "30": { days: 30, label: "30 days" },
  "90": { days: 90, label: "90 days" },
  "365": { days: 365, label: "1 year" },
  never: { days: null, label: "Never" },
} as const
export type KeyLifetime = keyof typeof KEY_LIFETIMES

const LIFETIME_OPTIONS = Object.entries(KEY_LIFETIMES).map(([value, { label }]) => ({ value, label }))

/** The longest name of a key, as the admin API has it. */
export const LONGEST_KEY_NAME = 100

type SignedIn = { email: string; name: string }

/**
 * Lists the access keys and creates them.
 * @param page.done what went well, in a sentence
 * @param page.typed what was typed into a form that was refused
 * @param page.now milliseconds since the epoch
 */
export function accessKeysPage(page: {
  account: SignedIn
  keys: readonly AccessKeyRecord[]
  done: string | null
  problem: FormProblem | null
  typed: { name: string; expires: string }
  formToken: string
  now: number
}): Page {
  const { account, keys, done, problem, typed, formToken, now } = page
  return {
    title: problem === null ? "Access keys" : "Key not created",
    signedIn: { account, section: "accessKeys" },
    content: html`<h1>Access keys</h1>
<p class="lead">For jobs and machines that no person sits at. Whoever has a key can act as you until it expires or is deleted.</p>
${formAlert(problem)}
${notice(done)}
<section class="panel">
<h2>Your keys</h2>
${keys.length === 0 ? html`<p class="empty">There is no key yet.</p>` : html`<ul class="rows" role="list">${keys.map((key) => keyRow(key, now))}</ul>`}
</section>
<section class="panel">
<h2>Create a key</h2>
<form method="post" action="${ACCESS_KEYS_PATH}">
${tokenField(formToken)}
${formField({ name: "name", label: "Name", value: typed.name, hint: "Says what uses it, for example “CI of the website”.", required: true, maxLength: LONGEST_KEY_NAME, problem })}
${selectField({ name: "expires", label: "Expires after", value: typed.expires, options: LIFETIME_OPTIONS, problem })}
<button type="submit">Create key</button>
</form>
</section>`,
  }
}

function keyRow(key: AccessKeyRecord, now: number): Markup {
  const { id, name, scopes, createdAt, expiresAt, lastUsedAt } = key
  const isOver = expiresAt !== null && Date.parse(expiresAt) <= now
  return html`<li>
<div>
<h3 id="${id}"><bdi>${name}</bdi>${isOver ? html` <span class="tag warn">expired</span>` : ""}</h3>
<p class="meta">Created ${utc(createdAt)} · ${lastUsedAt === null ? "never used" : html`last used ${ago(lastUsedAt, now)}`}</p>
<p class="meta">${expiresAt === null ? "Never expires" : html`${isOver ? "Expired" : "Expires"} ${utc(expiresAt)}`}</p>
${isLimited(scopes) ? html`<p class="meta">Only for <code>${scopes.join(", ")}</code></p>` : ""}
</div>
<a class="button second small" href="${deletionPathOf(id)}" aria-describedby="${id}">Delete</a>
</li>`
}

/** Whether a key can do less than keys can. */
function isLimited(scopes: AccessKeyRecord["scopes"]): scopes is NonNullable<AccessKeyRecord["scopes"]> {
  return scopes !== null && DEFAULT_SCOPES.some((scope) => !scopes.includes(scope))
}

/** Where a key's deletion is confirmed. */
export function deletionPathOf(id: string): string {
  return `${ACCESS_KEYS_PATH}/${id}/delete`
}

/** Shows a new key, this once. */
export function accessKeyCreatedPage(page: {
  account: SignedIn
  created: AccessKeyRecord & { key: string }
}): Page {
  const { account, created } = page
  return {
    title: "Access key created",
    signedIn: { account, section: "accessKeys" },
    scripts: ["copy"],
    content: html`<h1>Access key created</h1>
<section class="panel">
<h2 id="key-label"><bdi>${created.name}</bdi></h2>
<p class="lead">${created.expiresAt === null ? "It never expires." : html`It expires ${utc(created.expiresAt)}.`}</p>
<p class="warning"><strong>Copy the key now.</strong> It is not shown again: this server keeps no copy of it.</p>
${secretText({ id: "key", text: created.key, describedBy: "key-label" })}
<p class="lead">Give it to the job in the environment variable <code>ALCHEMY_ACCESS_KEY</code>.</p>
<a class="button second" href="${ACCESS_KEYS_PATH}">I have copied it</a>
</section>`,
  }
}
