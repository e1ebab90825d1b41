import type { Command, CommandContext, Result } from "../../command.ts"
import { configPath } from "../../config/path.ts"
import { printable } from "../../output/printable.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: pathRun }

/** Where the configuration is kept, whether or not the file is there yet. */
export async function pathRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const path = configPath(context)
  return { data: { path }, text: () => `${printable(path, 4096)}\n` }
}
