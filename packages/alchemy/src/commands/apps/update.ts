import { UpdateAppRequest } from "@authchemy/protocol"
import * as v from "valibot"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { textFlag } from "../../flags.ts"
import { appId, appText, shownApp } from "./app-view.ts"
import { dryRun } from "./dry-run.ts"

export type UpdateOptions = { id: string; change: UpdateAppRequest; dryRun: boolean }

export const command: Command<UpdateOptions> = { parse: parseUpdate, run: updateRun }

function parseUpdate([id]: readonly string[], raw: Readonly<Record<string, unknown>>): UpdateOptions {
  const name = textFlag(raw.name, "--name")
  const description = typeof raw.description === "string" ? raw.description.trim() : undefined
  if (name === undefined && description === undefined) {
    throw new CLIError("INVALID_ARGS", "There is nothing to change: give --name or --description.")
  }
  const change = v.safeParse(UpdateAppRequest, {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
  })
  if (change.success) return { id: appId(id), change: change.output, dryRun: raw.dryRun === true }
  const [issue] = change.issues
  throw new CLIError("INVALID_ARGS", `--${String(issue.path?.[0].key)} ${issue.message}.`)
}

/** Changes an app's name or description. */
export async function updateRun(options: UpdateOptions, context: CommandContext): Promise<Result> {
  if (options.dryRun) {
    return dryRun({ method: "PATCH", path: `/v1/apps/${options.id}`, body: options.change }, context)
  }
  const client = await adminClientFromFlags(context)
  const app = shownApp(await client.updateApp(options.id, options.change), context.flags.reveal)
  return { data: app, text: (style) => `${style.green("✓")} Updated ${appText(app, style)}` }
}
