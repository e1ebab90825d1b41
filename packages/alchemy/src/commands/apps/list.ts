import type { App } from "@authchemy/protocol"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import { fetchApps } from "../../admin/app-pages.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { textFlag, wholeNumber } from "../../flags.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { table } from "../../output/table.ts"
import { shownApp } from "./app-view.ts"

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
  const { apps, cursor } = await context.report.working("apps", (update) =>
    fetchApps(client, options, update),
  )
  const shown = apps.map((app) => shownApp(app, context.flags.reveal))
  return {
    data: { apps: shown, ...(cursor === undefined ? {} : { cursor }) },
    text: (style) => listText(shown, { cursor, further: options.cursor !== undefined }, style),
  }
}

/** `cursor`: there are more apps; `further`: there were others before. */
function listText(
  apps: readonly App[],
  { cursor, further }: { cursor: string | undefined; further: boolean },
  style: Style,
): string {
  if (apps.length === 0 && cursor === undefined) {
    if (further) return "There are no more apps.\n"
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
      : `\n${style.dim(`There are more: alchemy apps list --cursor ${printable(cursor)}, or --all`)}\n`
  return table(["ID", "NAME", "NETWORKS", "CREATED"], rows, style) + more
}
