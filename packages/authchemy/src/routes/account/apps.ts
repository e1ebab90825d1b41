import type { Handler } from "hono"
import type { BrowserSession } from "../../accounts/accounts.ts"
import { type AppPosition, cursorOf, positionOf } from "../../admin/apps.ts"
import { CHAINS } from "../../admin/chains.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { APPS_PATH, appPath, appsPage } from "../../pages/account/apps.ts"
import type { Page } from "../../pages/page.ts"
import { readAppTexts, readNetworks } from "./app-form.ts"
import type { AccountPagesDeps } from "./routes.ts"
import { showSignedIn, takeForm } from "./signed-in.ts"

const APPS_A_PAGE = 25

const DONE: ReadonlyMap<string | undefined, string> = new Map([
  ["deleted", "The app was deleted. Its keys stop working."],
  ["nothing", "Nothing was deleted: there is no such app any more."],
  ["again", "That form was sent before, so it made no second app."],
])

/** `GET /apps?cursor`: the oldest first. A cursor that is none leads to the first page. */
export function showApps(deps: AccountPagesDeps): Handler<AppEnv> {
  return showSignedIn(deps, async (c, browser) => {
    const done = DONE.get(c.req.query("done")) ?? null
    const typed = { name: "", description: "", networks: new Set<string>() }
    const page = { after: positionIn(c.req.query("cursor")), done, problem: null, typed }
    return showPage(c, await renderApps(deps, browser, page))
  })
}

/** `POST /apps` with `name`, `description`, a `network.<id>` for each network, and `form_token`: leads to the app. The same form makes one app, however often it is sent. */
export function createApp(deps: AccountPagesDeps): Handler<AppEnv> {
  return takeForm(
    deps,
    () => APPS_PATH,
    async (c, browser, form) => {
      const { texts, problem: textsProblem } = readAppTexts(form)
      const { networks, problem: networksProblem } = readNetworks(form, CHAINS.keys())
      const problem = textsProblem ?? networksProblem
      if (problem !== null) {
        const page = { after: null, done: null, problem, typed: { ...texts, networks } }
        return showPage(c, await renderApps(deps, browser, page), { status: 400 })
      }
      if (!(await deps.formTokens.requireOnce(form, browser)))
        return c.redirect(`${APPS_PATH}?done=again`, 303)
      const { name, description } = texts
      const app = await deps.apps.create(browser.account.id, {
        name,
        chainNetworks: Array.from(networks),
        ...(description === "" ? {} : { description }),
      })
      return c.redirect(`${appPath(app.id)}?done=created`, 303)
    },
  )
}

async function renderApps(
  deps: AccountPagesDeps,
  browser: BrowserSession,
  page: Pick<Parameters<typeof appsPage>[0], "done" | "problem" | "typed"> & { after: AppPosition | null },
): Promise<Page> {
  const { account } = browser
  const { after, ...rest } = page
  const { apps, next } = await deps.apps.list(account.id, APPS_A_PAGE, after)
  return appsPage({
    ...rest,
    ...{ account, apps },
    more: next === null ? null : cursorOf(next),
    isFirst: after === null,
    networks: Array.from(CHAINS.values()),
    formToken: deps.formTokens.issue(browser),
  })
}

/** Where a page begins. Whatever is not as the list gives it is none. */
function positionIn(cursor: string | undefined): AppPosition | null {
  const position = positionOf(cursor ?? "")
  if (position === null || Number.isNaN(Date.parse(position.createdAt))) return null
  return /^[\w-]{1,64}$/.test(position.id) ? position : null
}
