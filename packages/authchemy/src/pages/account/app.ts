import {
  ALLOWLISTS,
  type Allowlist,
  type AllowlistField,
  type App,
  type ChainNetwork,
} from "@authchemy/protocol"
import { html } from "hono/html"
import { type FormProblem, formAlert, notice } from "../form-field.ts"
import type { Markup, Page } from "../page.ts"
import { utc } from "../time.ts"
import { allowlistForm } from "./allowlist-form.ts"
import { type AppTexts, appTextFields } from "./app-fields.ts"
import { APPS_PATH, appPath } from "./apps.ts"
import { NETWORKS, networkChecks } from "./network-checks.ts"
import { secretText } from "./secret-text.ts"
import { tokenField } from "./token-field.ts"

/** What was typed into the form that was refused; the other forms show what the app has. */
export type TypedOfApp = Partial<AppTexts & { networks: ReadonlySet<string> }> &
  Partial<Record<AllowlistField, string>>

type AppPage = {
  account: { email: string; name: string }
  app: App
  /** Of the app as it was read: what is saved must be saved onto this. */
  tag: string
  /** Those that there are. */
  networks: readonly ChainNetwork[]
  /** What went well, in a sentence. */
  done: string | null
  problem: FormProblem | null
  typed: TypedOfApp
  /** The part that was refused because something else has changed the app: it shows what there is now beside what was typed. */
  conflict: typeof NETWORKS | AllowlistField | null
  formToken: string
}

/** An app: its keys, its name, its networks, who may use it, and its end. */
export function appPage(page: AppPage): Page {
  const { account, app, done, problem } = page
  return {
    title: problem === null ? app.name : "Not saved",
    signedIn: { account, section: "apps" },
    scripts: ["copy"],
    content: html`<h1><bdi>${app.name}</bdi></h1>
<p class="lead">Created ${utc(app.createdAt)} · <a href="${APPS_PATH}">All apps</a></p>
${formAlert(problem)}
${notice(done)}
${keysPanel(app)}
${textsPanel(page)}
${networksPanel(page)}
${allowlistsPanel(page)}
<section class="panel">
<h2>Delete this app</h2>
<p class="lead">Its keys stop working, and its networks and lists go with it.</p>
<a class="button second" href="${appPath(app.id)}/delete">Delete this app</a>
</section>`,
  }
}

function keysPanel({ apiKey, webhookApiKey }: App): Markup {
  return html`<section class="panel">
<h2>Keys</h2>
<p class="lead">Keep them to yourself: whoever has a key can use it as this app.</p>
<h3 id="api-key-label">API key</h3>
${secretText({ id: "api-key", text: apiKey, describedBy: "api-key-label" })}
<h3 id="webhook-key-label">Webhook key</h3>
${secretText({ id: "webhook-key", text: webhookApiKey, describedBy: "webhook-key-label" })}
</section>`
}

function textsPanel({ app, typed, problem, formToken }: AppPage): Markup {
  const { name = app.name, description = app.description ?? "" } = typed
  return html`<section class="panel">
<h2>Name and description</h2>
<form method="post" action="${appPath(app.id)}">
${tokenField(formToken)}
${appTextFields({ name, description }, problem)}
<button type="submit" class="second">Save</button>
</form>
</section>`
}

function networksPanel({ app, tag, networks, typed, conflict, problem, formToken }: AppPage): Markup {
  const present = new Set(app.chainNetworks.map(({ id }) => id))
  const known = new Set(networks.map(({ id }) => id))
  const gone = app.chainNetworks.filter(({ id }) => !known.has(id))
  const names = (list: readonly ChainNetwork[]) => list.map(({ name }) => name).join(", ")
  const notes = [
    ...(conflict === NETWORKS ? [`The app now has: ${names(app.chainNetworks)}.`] : []),
    ...(gone.length === 0 ? [] : [`No longer offered, and left out when you save: ${names(gone)}.`]),
  ]
  return html`<section class="panel">
<h2>What it reaches</h2>
<form method="post" action="${appPath(app.id)}/networks">
${tokenField(formToken)}
<input type="hidden" name="tag" value="${tag}">
${networkChecks({ known: networks, chosen: typed.networks ?? present, problem, ...(notes.length === 0 ? {} : { note: notes.join(" ") }) })}
<button type="submit" class="second">Save networks</button>
</form>
</section>`
}

function allowlistsPanel(page: AppPage): Markup {
  const { app, tag, typed, conflict, problem, formToken } = page
  return html`<section class="panel">
<h2>Who may use it</h2>
<p class="lead">One entry a line; a name may follow, as in <code>203.0.113.9 # office</code>. An empty list lets everybody in.</p>
${(Object.keys(ALLOWLISTS) as Allowlist[]).map((allowlist) => {
  const field = ALLOWLISTS[allowlist]
  return allowlistForm({
    ...{ app: appPath(app.id), tag, allowlist, problem, formToken },
    entries: app[field] ?? [],
    typed: typed[field] ?? null,
    conflict: conflict === field,
  })
})}
</section>`
}
