import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { appId, appText, shownApp } from "./app-view.ts"
import { onApp } from "./selected-app.ts"

/** `id`: the selected app where left out. */
export type GetOptions = { id: string | undefined }

export const command: Command<GetOptions> = {
  parse: ([id]) => ({ id: id === undefined ? undefined : appId(id) }),
  run: getRun,
}

/** One app. */
export function getRun(options: GetOptions, context: CommandContext): Promise<Result> {
  return onApp(options.id, context, async (id) => {
    const client = await adminClientFromFlags(context)
    const app = shownApp(await client.getApp(id), context.flags.reveal)
    return { data: app, text: (style) => appText(app, style) }
  })
}
