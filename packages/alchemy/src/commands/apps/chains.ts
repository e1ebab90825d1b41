import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { chainsText } from "./app-view.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: chainsRun }

/** The chain networks that an app can use. */
export async function chainsRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const chains = await (await adminClientFromFlags(context)).listChains()
  return { data: { chains }, text: (style) => chainsText(chains, style, ["RPC"]) }
}
