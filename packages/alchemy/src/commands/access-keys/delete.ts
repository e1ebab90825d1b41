import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import { resourceId } from "../../resource-id.ts"
import { dryRun } from "../apps/dry-run.ts"

export type DeleteOptions = { id: string; yes: boolean; dryRun: boolean }

export const command: Command<DeleteOptions> = {
  parse: ([id], raw) => ({
    id: resourceId(id, "an access key", "alchemy access-keys list"),
    yes: raw.yes === true,
    dryRun: raw.dryRun === true,
  }),
  run: deleteRun,
}

/** Deletes an access key, once a person has confirmed it or `--yes` was given. */
export async function deleteRun(options: DeleteOptions, context: CommandContext): Promise<Result> {
  const { id } = options
  if (options.dryRun) return dryRun({ method: "DELETE", path: `/v1/access-keys/${id}` }, context)
  if (!options.yes && !context.flags.interactive) {
    throw new CLIError("INVALID_ARGS", "Deleting an access key needs --yes where nobody can be asked.", {
      hint: `If it is to be deleted: alchemy access-keys delete ${id} --yes`,
    })
  }
  const client = await adminClientFromFlags(context)
  if (!options.yes) {
    const key = (await client.listAccessKeys()).find((candidate) => candidate.id === id)
    if (key === undefined) {
      throw new CLIError("NOT_FOUND", `No access key has the id ${id}.`, {
        hint: "`alchemy access-keys list` shows what there is.",
      })
    }
    const question = `Delete the access key ${printable(key.name)} (${id})? What uses it stops working.`
    if (!(await context.prompter.confirm(question)))
      return { data: { id, deleted: false }, text: () => "Nothing was deleted.\n", sentenceOnly: true }
  }
  await client.deleteAccessKey(id)
  return {
    data: { id, deleted: true },
    text: (style) => `${style.green("✓")} Deleted ${id}.\n`,
    sentenceOnly: true,
  }
}
