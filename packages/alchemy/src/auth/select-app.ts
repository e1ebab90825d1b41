import type { LoginResult, StoredSignIn } from "@authchemy/cli-sign-in"
import type { App } from "@authchemy/protocol"
import type { AdminClient } from "../admin/admin-client.ts"
import { adminClientWith } from "../admin/admin-client-from-flags.ts"
import { fetchApps } from "../admin/app-pages.ts"
import type { CommandContext } from "../command.ts"
import type { ConfigFile } from "../config/file.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"

/** How long each page of the apps may take after a sign-in, in milliseconds. */
const PAGE_TIMEOUT_MS = 10_000

/** What is said where an account has no app that could be selected. */
export const NO_APPS =
  "There are no apps yet. `alchemy apps create --name <name> --networks <ids>` creates one."

/**
 * Selects the app that commands work on, and stores it: the only one by itself, of several the one that the person chooses.
 * A selection that is not among the account's apps any more is removed.
 * @param more.keep leaves a selection as it is that is still good
 * @returns `null` where there are no apps
 */
export async function selectApp(
  client: Pick<AdminClient, "listApps">,
  config: ConfigFile,
  context: CommandContext,
  more: { question?: string; keep?: boolean } = {},
): Promise<App | null> {
  const { apps } = await context.report.working("apps", (update) => fetchApps(client, { all: true }, update))
  const { app: selected } = await config.values()
  const current = apps.find(({ id }) => id === selected)
  if (current === undefined && selected !== undefined) await config.set("app", undefined)
  if (current !== undefined && more.keep === true) return current
  const [first, ...others] = apps
  if (first === undefined) return null
  const app = others.length === 0 ? first : await choose(apps, current, more.question, context)
  await config.set("app", app.id)
  return app
}

function choose(
  apps: readonly App[],
  current: App | undefined,
  question = "Which app should commands work on?",
  { prompter }: CommandContext,
): Promise<App> {
  const options = apps.map((app) => ({ value: app, label: app.name, hint: app.id }))
  const placeholder = "Type to search"
  return prompter.choose(question, options, { placeholder, ...(current === undefined ? {} : { current }) })
}

/**
 * The last step of a sign-in where a person is there: selects an app of the account. Whatever keeps that from happening is noted, and
 * the sign-in stands.
 * @param before the sign-in that was stored until now; what another account had selected is removed
 * @returns the app that is selected now; without its name where the server was not asked
 */
export async function selectAppAfterSignIn(
  login: LoginResult & { before: StoredSignIn | null },
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<{ id: string; name?: string } | null> {
  const { flags, report, signal } = context
  const { account, before, credential } = login
  const earlier = before?.account?.id
  if (earlier !== undefined && earlier !== account.id) await config.set("app", undefined)
  if (!flags.interactive) return storedApp(config)
  const secret = { kind: "auth-token", secret: credential.token, origin: "this sign-in" } as const
  const client = adminClientWith(secret, settings, context, PAGE_TIMEOUT_MS)
  try {
    const question = `Signed in as ${printable(account.email)}. Which app should commands work on?`
    const app = await selectApp(client, config, context, { question, keep: true })
    if (app === null) report.note(NO_APPS)
    return app
  } catch (error) {
    if (!(error instanceof CLIError) || signal.aborted) throw error
    const reason =
      error.code === "INTERRUPTED"
        ? "No app was selected."
        : `No app could be selected: ${printable(error.message)}`
    report.note(`${reason} \`alchemy apps select\` does it later.`)
    return storedApp(config)
  }
}

async function storedApp(config: ConfigFile): Promise<{ id: string } | null> {
  const { app } = await config.values()
  return typeof app === "string" && app !== "" ? { id: app } : null
}
