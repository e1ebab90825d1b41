import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import { NO_APPS, selectApp } from "../../auth/select-app.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import { appId } from "./app-view.ts"

export type SelectOptions = { id: string | undefined }

export const command: Command<SelectOptions> = {
  parse: ([id]) => ({ id: id === undefined ? undefined : appId(id) }),
  run: selectRun,
}

/** Stores which app commands work on: the one that is named, else the one that the person chooses. */
export async function selectRun(options: SelectOptions, context: CommandContext): Promise<Result> {
  const { id } = options
  if (id === undefined && !context.flags.interactive) {
    throw new CLIError("INVALID_ARGS", "Selecting an app needs its id where nobody can be asked.", {
      hint: "`alchemy apps list` shows the ids; then run `alchemy apps select <id>`.",
    })
  }
  const config = await context.config()
  const client = await adminClientFromFlags(context)
  const app = id === undefined ? await selectApp(client, config, context) : await client.getApp(id)
  if (app === null) return { data: { app: null }, text: () => `${NO_APPS}\n` }
  if (id !== undefined) await config.set("app", app.id)
  const { name: profile } = config.profile
  const where = profile === "default" ? "" : ` with the profile ${profile}`
  return {
    data: { app: app.id, name: app.name, profile },
    text: (style) =>
      `${style.green("✓")} Commands work on ${printable(app.name)} (${printable(app.id)}) from now on${where}.\n`,
    sentenceOnly: true,
  }
}
