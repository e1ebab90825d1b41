import { DEFAULT_SCOPES, WIRE_ERRORS } from "@authchemy/protocol"
import type { Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import { notFound } from "../../admin/query.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { showPage } from "../../middleware/show-page.ts"
import {
  accessKeyCreatedPage,
  accessKeysPage,
  deletionPathOf,
  KEY_LIFETIMES,
  type KeyLifetime,
  LONGEST_KEY_NAME,
} from "../../pages/account/access-keys.ts"
import { confirmDeletionPage } from "../../pages/account/confirm-deletion.ts"
import type { FormProblem } from "../../pages/form-field.ts"
import { SECTIONS } from "../../pages/page.ts"
import { isStillSignedIn } from "../still-signed-in.ts"
import { lineIn } from "./form-text.ts"
import { plainId } from "./plain-id.ts"
import type { AccountPagesDeps } from "./routes.ts"
import { showSignedIn, takeForm } from "./signed-in.ts"

const { path: ACCESS_KEYS_PATH } = SECTIONS.accessKeys
const DAY_SECONDS = 86_400

const DONE: ReadonlyMap<string | undefined, string> = new Map([
  ["deleted", "The key was deleted. Whatever uses it is refused from now on."],
  ["nothing", "Nothing was deleted: there is no such key any more."],
])

/** `GET /access-keys` */
export function showAccessKeys(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const done = DONE.get(c.req.query("done")) ?? null
    const typed = { name: "", expires: "90" satisfies KeyLifetime }
    return showPage(c, await renderKeys(deps, browser, { done, problem: null, typed }))
  })
}

/**
 * `POST /access-keys` with `name`, `expires` and `form_token`: 200 with the key, this once. The same form posted again, as by reloading that page, makes no second key and
 * shows none: 409.
 */
export function createAccessKey(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(
    deps,
    () => ACCESS_KEYS_PATH,
    async (c, browser, form) => {
      const typed = { name: lineIn(form, "name"), expires: form.get("expires") ?? "" }
      const again = async (problem: FormProblem, status: 400 | 409) =>
        showPage(c, await renderKeys(deps, browser, { done: null, problem, typed }), { status })
      const { expires } = typed
      if (!isLifetime(expires)) {
        return again({ field: "expires", message: "Choose when the key expires." }, 400)
      }
      const problem = nameProblem(typed.name)
      if (problem !== null) return again(problem, 400)
      if (!(await deps.formTokens.requireOnce(form, browser))) return again(SENT_BEFORE, 409)
      const { days } = KEY_LIFETIMES[expires]
      const created = await deps.accessKeys.create(browser.account.id, {
        name: typed.name,
        scopes: DEFAULT_SCOPES,
        expiresInSeconds: days === null ? null : days * DAY_SECONDS,
      })
      if (!(await isStillSignedIn(deps.accounts, c.req.raw, browser))) {
        await deps.accessKeys.delete(browser.account.id, created.id)
        throw new RequestRefused(403, WIRE_ERRORS.forbidden, "This browser is not signed in any more.")
      }
      return showPage(c, accessKeyCreatedPage({ account: browser.account, created }))
    },
  )
}

const SENT_BEFORE: FormProblem = {
  field: "form",
  message:
    "This form was sent before. A key that it made is in the list, and is not shown again: if you have not copied it, delete it and create another.",
}

/** `GET /access-keys/:id/delete`: asks once more. */
export function confirmAccessKeyDeletion(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const { account } = browser
    const key = (await deps.accessKeys.list(account.id)).find(({ id }) => id === c.req.param("id"))
    if (key === undefined) throw notFound("access key")
    const page = confirmDeletionPage({
      ...{ account, section: "accessKeys", kind: "access key", name: key.name },
      consequence: "Whatever uses it is refused from then on.",
      action: deletionPathOf(key.id),
      back: ACCESS_KEYS_PATH,
      formToken: deps.formTokens.issue(browser),
    })
    return showPage(c, page)
  })
}

/** `POST /access-keys/:id/delete`. A key that is unknown, deleted already or another account's is answered the same way, and nothing is deleted. */
export function deleteAccessKey(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(
    deps,
    () => ACCESS_KEYS_PATH,
    async (c, { account }) => {
      const deleted = await deps.accessKeys.delete(account.id, plainId(c.req.param("id")))
      return c.redirect(`${ACCESS_KEYS_PATH}?done=${deleted ? "deleted" : "nothing"}`, 303)
    },
  )
}

async function renderKeys(
  deps: AccountPagesDeps,
  browser: BrowserSession,
  page: Pick<Parameters<typeof accessKeysPage>[0], "done" | "problem" | "typed">,
) {
  const { account } = browser
  const keys = await deps.accessKeys.list(account.id)
  return accessKeysPage({
    ...page,
    ...{ account, keys },
    formToken: deps.formTokens.issue(browser),
    now: deps.now(),
  })
}

function nameProblem(name: string): FormProblem | null {
  if (name === "") return { field: "name", message: "Give the key a name." }
  if (name.length <= LONGEST_KEY_NAME) return null
  const message = `A name has at most ${LONGEST_KEY_NAME} characters; this one has ${name.length}.`
  return { field: "name", message }
}

function isLifetime(text: string): text is KeyLifetime {
  return Object.hasOwn(KEY_LIFETIMES, text)
}
