import type { Command, CommandContext, Result } from "../command.ts"
import { candidatesFor } from "../completion/candidates.ts"

export type CompleteOptions = { words: readonly string[] }

export const command: Command<CompleteOptions> = {
  parse: (operands) => ({ words: operands }),
  run: completeRun,
}

/**
 * What could stand in place of the last word, one candidate a line, with a tab and what it is behind it. Never an error: a
 * shell has nowhere to show it.
 */
export async function completeRun({ words }: CompleteOptions, context: CommandContext): Promise<Result> {
  const candidates = await candidatesFor(words, context).catch(() => [])
  return {
    data: { candidates },
    text: () => candidates.map(({ value, description }) => `${value}\t${description}\n`).join(""),
    textUnlessJsonAskedFor: true,
  }
}
