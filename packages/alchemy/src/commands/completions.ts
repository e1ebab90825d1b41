import type { Command, Result } from "../command.ts"
import { SCRIPTS, SHELLS, type Shell } from "../completion/scripts.ts"
import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"

export type CompletionsOptions = { shell: Shell }

export const command: Command<CompletionsOptions> = {
  parse: ([operand = ""]) => {
    const shell = SHELLS.find((candidate) => candidate === operand.toLowerCase())
    if (shell !== undefined) return { shell }
    throw new CLIError("INVALID_ARGS", `There are no completions for ${printable(operand, 60) || "that"}.`, {
      hint: `The shells are: ${SHELLS.join(", ")}.`,
    })
  },
  run: completionsRun,
}

/** The completion script of one shell. It says itself how it is installed. */
export async function completionsRun({ shell }: CompletionsOptions): Promise<Result> {
  const script = SCRIPTS[shell]
  return { data: { shell, script }, text: () => script, textUnlessJsonAskedFor: true }
}
