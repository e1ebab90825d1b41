import { ALLOWLISTS, type Allowlist } from "@authchemy/protocol"
import type { Context, Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import type { Changed, TaggedApp } from "../../admin/apps.ts"
import { CHAINS } from "../../admin/chains.ts"
import { notFound } from "../../admin/query.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { appPage } from "../../pages/account/app.ts"
import { APPS_PATH, appPath } from "../../pages/account/apps.ts"
import { confirmDeletionPage } from "../../pages/account/confirm-deletion.ts"
import { NETWORKS } from "../../pages/account/network-checks.ts"
import { parseAllowlist } from "./allowlist-lines.ts"
import { readAppTexts, readNetworks } from "./app-form.ts"
import { linesIn } from "./form-text.ts"
import { plainId } from "./plain-id.ts"
import type { AccountPagesDeps } from "./routes.ts"
import { showSignedIn, takeForm } from "./signed-in.ts"

const DONE: ReadonlyMap<string | undefined, string> = new Map([
  ["created", "The app was created."],
  ["name", "Name and description were saved."],
  ["networks", "The networks were saved."],
  ["list", "The list was saved."],
])

const CHANGED_MEANWHILE =
  "Not saved: something else changed this app meanwhile. What you chose is still here, with what the app has now beside it. Save again to put yours in its place."

/** `GET /apps/:id` */
export function showApp(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const done = DONE.get(c.req.query("done")) ?? null
    const read = await requireApp(c, deps, browser)
    return showPage(c, renderApp(deps, browser, read, { ...UNTOUCHED, done }))
  })
}

/** `POST /apps/:id` with `name`, `description` and `form_token`. */
export function renameApp(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(deps, pageOfApp, async (c, browser, form) => {
    const { texts, problem } = readAppTexts(form)
    if (problem !== null) {
      const read = await requireApp(c, deps, browser)
      return showPage(c, renderApp(deps, browser, read, { ...UNTOUCHED, problem, typed: texts }), {
        status: 400,
      })
    }
    const app = await deps.apps.update(browser.account.id, idIn(c), texts)
    if (app === null) throw notFound("app")
    return c.redirect(`${appPath(app.id)}?done=name`, 303)
  })
}

/** `POST /apps/:id/networks` with a `network.<id>` for each network, `tag` and `form_token`: only where the app is still as it was shown. */
export function saveNetworks(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(deps, pageOfApp, async (c, browser, form) => {
    const { networks, problem } = readNetworks(form, CHAINS.keys())
    const refuse = { field: NETWORKS, typed: { networks } } as const
    if (problem !== null) return refuseApp(c, deps, browser, { ...refuse, message: problem.message })
    const ids = Array.from(networks)
    const changed = await deps.apps.setNetworks(browser.account.id, idIn(c), ids, hasTag(form))
    return saved(c, deps, browser, changed, { ...refuse, done: "networks" })
  })
}

/** `POST /apps/:id/address-allowlist` and its kin, with the list as text in the field of its name, `tag` and `form_token`: only where the app is still as it was shown. */
export function saveAllowlist(deps: AccountPagesDeps, allowlist: Allowlist): Handler<AppEnv> {
  const field = ALLOWLISTS[allowlist]
  return takeForm(deps, pageOfApp, async (c, browser, form) => {
    const text = linesIn(form, field)
    const refuse = { field, typed: { [field]: text } }
    const parsed = parseAllowlist(field, text)
    if ("message" in parsed) return refuseApp(c, deps, browser, { ...refuse, message: parsed.message })
    const { entries } = parsed
    const changed = await deps.apps.setAllowlist(browser.account.id, idIn(c), field, entries, hasTag(form))
    return saved(c, deps, browser, changed, { ...refuse, done: "list" })
  })
}

/** `GET /apps/:id/delete`: asks once more. */
export function confirmAppDeletion(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const { app } = await requireApp(c, deps, browser)
    const page = confirmDeletionPage({
      ...{ account: browser.account, section: "apps", kind: "app", name: app.name },
      consequence: "Its keys stop working, and its networks and lists go with it.",
      action: `${appPath(app.id)}/delete`,
      back: appPath(app.id),
      formToken: deps.formTokens.issue(browser),
    })
    return showPage(c, page)
  })
}

/** `POST /apps/:id/delete`. An app that is unknown, deleted already or another account's is answered the same way, and nothing is deleted. */
export function deleteApp(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(deps, pageOfApp, async (c, { account }) => {
    const deleted = await deps.apps.delete(account.id, idIn(c))
    return c.redirect(`${APPS_PATH}?done=${deleted ? "deleted" : "nothing"}`, 303)
  })
}

type Shown = Pick<Parameters<typeof appPage>[0], "done" | "problem" | "typed" | "conflict">
type Refused = Pick<Shown, "typed"> & { field: NonNullable<Shown["conflict"]> }

const UNTOUCHED: Shown = { done: null, problem: null, typed: {}, conflict: null }

function renderApp(deps: AccountPagesDeps, browser: BrowserSession, { app, tag }: TaggedApp, shown: Shown) {
  const networks = Array.from(CHAINS.values())
  const formToken = deps.formTokens.issue(browser)
  return appPage({ ...shown, ...{ account: browser.account, app, tag, networks, formToken } })
}

/** The page again, with what was typed and why it was not saved. */
async function refuseApp(
  c: Context<AppEnv>,
  deps: AccountPagesDeps,
  browser: BrowserSession,
  { field, typed, message, isConflict = false }: Refused & { message: string; isConflict?: boolean },
): Promise<Response> {
  const read = await requireApp(c, deps, browser)
  const shown = { done: null, problem: { field, message }, typed, conflict: isConflict ? field : null }
  return showPage(c, renderApp(deps, browser, read, shown), { status: isConflict ? 409 : 400 })
}

async function saved(
  c: Context<AppEnv>,
  deps: AccountPagesDeps,
  browser: BrowserSession,
  changed: Changed,
  { done, ...refused }: Refused & { done: string },
): Promise<Response> {
  if (changed === null) throw notFound("app")
  if (changed !== "conflict") return c.redirect(`${appPath(changed.app.id)}?done=${done}`, 303)
  return refuseApp(c, deps, browser, { ...refused, message: CHANGED_MEANWHILE, isConflict: true })
}

/** @throws RequestRefused 404 where the account has no such app */
async function requireApp(
  c: Context<AppEnv>,
  deps: AccountPagesDeps,
  { account }: BrowserSession,
): Promise<TaggedApp> {
  const read = await deps.apps.find(account.id, idIn(c))
  if (read === null) throw notFound("app")
  return read
}

/** That the app still has the tag that the form was shown with. */
function hasTag(form: ReadonlyMap<string, string>): (tag: string) => boolean {
  const shown = form.get("tag")
  return (tag) => tag === shown
}

function pageOfApp(c: Context<AppEnv>): string {
  return appPath(idIn(c))
}

function idIn(c: Context<AppEnv>): string {
  return plainId(c.req.param("id"))
}
