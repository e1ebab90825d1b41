import type { App, ChainNetwork } from "@authchemy/protocol"
import { html } from "hono/html"
import { counted } from "../../counts-in-words.ts"
import { type FormProblem, formAlert, notice } from "../form-field.ts"
import { type Markup, type Page, SECTIONS } from "../page.ts"
import { utcDay } from "../time.ts"
import { type AppTexts, appTextFields } from "./app-fields.ts"
import { networkChecks } from "./network-checks.ts"
import { tokenField } from "./token-field.ts"

export const APPS_PATH = SECTIONS.apps.path

/** The page of an app, and where its name and description are posted. */
export function appPath(id: string): string {
  return `${APPS_PATH}/${id}`
}

/**
 * Lists the apps and creates them.
 * @param page.more the cursor of the next page; `null`: there is none
 * @param page.isFirst whether it is the first page
 * @param page.networks those that there are
 * @param page.done what went well, in a sentence
 * @param page.typed what was typed into a form that was refused
 */
export function appsPage(page: {
  account: { email: string; name: string }
  apps: readonly App[]
  more: string | null
  isFirst: boolean
  networks: readonly ChainNetwork[]
  done: string | null
  problem: FormProblem | null
  typed: AppTexts & { networks: ReadonlySet<string> }
  formToken: string
}): Page {
  const { account, apps, more, isFirst, done, problem, typed } = page
  const none = isFirst ? "There is no app yet." : "There are no more apps."
  return {
    title: problem === null ? "Apps" : "App not created",
    signedIn: { account, section: "apps" },
    content: html`<h1>Apps</h1>
<p class="lead">An app has an API key of its own, the networks that it reaches, and lists of who may use it.</p>
${formAlert(problem)}
${notice(done)}
<section class="panel">
<h2>${isFirst ? "Your apps" : "More apps"}</h2>
${apps.length === 0 ? html`<p class="empty">${none}</p>` : html`<ul class="rows" role="list">${apps.map(appRow)}</ul>`}
${isFirst && more === null ? "" : pages(more, isFirst)}
</section>
<section class="panel">
<h2>Create an app</h2>
<form method="post" action="${APPS_PATH}">
${tokenField(page.formToken)}
${appTextFields(typed, problem)}
${networkChecks({ known: page.networks, chosen: typed.networks, problem })}
<button type="submit">Create app</button>
</form>
</section>`,
  }
}

function pages(more: string | null, isFirst: boolean): Markup {
  return html`<nav class="buttons" aria-label="Pages">
${isFirst ? "" : html`<a class="button second" href="${APPS_PATH}">First apps</a>`}
${more === null ? "" : html`<a class="button second" href="${APPS_PATH}?cursor=${encodeURIComponent(more)}">More apps</a>`}
</nav>`
}

function appRow({ id, name, description, chainNetworks, createdAt }: App): Markup {
  return html`<li>
<div>
<h3><a href="${appPath(id)}"><bdi>${name}</bdi></a></h3>
${description === undefined ? "" : html`<p><bdi>${description}</bdi></p>`}
<p class="meta">${counted(chainNetworks.length, "network")} · created ${utcDay(createdAt)}</p>
</div>
</li>`
}
