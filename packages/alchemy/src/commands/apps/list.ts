import type { App } from "@authchemy/protocol"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { textFlag, wholeNumber } from "../../flags.ts"
import { printable } from "../../output/printable.ts"
import { table } from "../../output/table.ts"
import { shownApp } from "./app-view.ts"

/** Where `--all` stops, whatever the server goes on answering. */
const MAX_PAGES = 1000

export type ListOptions = { limit: number | undefined; cursor: string | undefined; all: boolean }

export const command: Command<ListOptions> = {
  parse: (_operands, raw) => ({
    limit: wholeNumber(raw.limit, "--limit", { least: 1, most: 100 }),
    cursor: textFlag(raw.cursor, "--cursor"),
    all: raw.all === true,
  }),
  run: listRun,
}

/** One page of the account's apps, or with `--all` every one from there on. */
export async function listRun(options: ListOptions, context: CommandContext): Promise<Result> {
  const client = await adminClientFromFlags(context)
  const apps: App[] = []
  let cursor = options.cursor
  for (let pages = 1; ; pages++) {
    const page = await client.listApps({ limit: options.limit ?? (options.all ? 100 : undefined), cursor })
    apps.push(...page.apps.map((app) => shownApp(app, context.flags.reveal)))
    const repeats = page.cursor !== undefined && page.cursor === cursor
    cursor = page.cursor
    if (!options.all || cursor === undefined) break
    if (repeats || pages === MAX_PAGES) {
      throw new CLIError("ADMIN_API_ERROR", "The server's list of apps does not end.")
    }
  }
  return {
    data: { apps, ...(cursor === undefined ? {} : { cursor }) },
    text: (style) => {
      if (apps.length === 0) {
        return "There are no apps yet.\n  Next: alchemy apps create --name <name> --networks <ids>\n"
      }
      const rows = apps.map((app) => [
        app.id,
        app.name,
        app.chainNetworks.map((network) => network.id).join(", "),
        app.createdAt.slice(0, 10),
      ])
      const more =
        cursor === undefined
          ? ""
          : style.dim(`\nThere are more: alchemy apps list --cursor ${printable(cursor)}, or --all\n`)
      return table(["ID", "NAME", "NETWORKS", "CREATED"], rows, style) + more
    },
  }
}
