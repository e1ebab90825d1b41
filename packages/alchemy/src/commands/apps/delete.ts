import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import { appId } from "./app-view.ts"
import { dryRun } from "./dry-run.ts"

export type DeleteOptions = { id: string; yes: boolean; dryRun: boolean }

export const command: Command<DeleteOptions> = {
  parse: ([id], raw) => ({ id: appId(id), yes: raw.yes === true, dryRun: raw.dryRun === true }),
  run: deleteRun,
}

/** Deletes an app, once a person has confirmed it or `--yes` was given. */
export async function deleteRun(options: DeleteOptions, context: CommandContext): Promise<Result> {
  const { id } = options
  if (options.dryRun) return dryRun({ method: "DELETE", path: `/v1/apps/${id}` }, context)
  if (!options.yes && !context.flags.interactive) {
    throw new CLIError("INVALID_ARGS", "Deleting an app needs --yes where nobody can be asked.", {
      hint: `If it is to be deleted: alchemy apps delete ${id} --yes`,
    })
  }
  const client = await adminClientFromFlags(context)
  if (!options.yes) {
    const { name } = await client.getApp(id)
    const agreed = await context.prompter.confirm(
      `Delete the app ${printable(name)} (${id})? Its keys stop working.`,
    )
    if (!agreed)
      return { data: { id, deleted: false }, text: () => "Nothing was deleted.\n", sentenceOnly: true }
  }
  await client.deleteApp(id)
  const config = await context.config()
  if ((await config.values()).app === id) await config.set("app", undefined)
  return {
    data: { id, deleted: true },
    text: (style) => `${style.green("✓")} Deleted ${id}.\n`,
    sentenceOnly: true,
  }
}
