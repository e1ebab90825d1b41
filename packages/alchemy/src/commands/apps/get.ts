import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { appId, appText, shownApp } from "./app-view.ts"

export type GetOptions = { id: string }

export const command: Command<GetOptions> = {
  parse: ([id]) => ({ id: appId(id) }),
  run: getRun,
}

/** One app. */
export async function getRun(options: GetOptions, context: CommandContext): Promise<Result> {
  const client = await adminClientFromFlags(context)
  const app = shownApp(await client.getApp(options.id), context.flags.reveal)
  return { data: app, text: (style) => appText(app, style) }
}
