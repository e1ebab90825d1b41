import type { Command as CommanderCommand } from "commander"
import type { Command } from "../command.ts"
import type { RawFlags } from "../flags.ts"

/** A command line that named a command: where its file is loaded from, its operands, and the flags as they were given. */
export type Invocation = {
  load: () => Promise<{ command: Command }>
  operands: string[]
  /** The command's own flags and the global ones together. */
  raw: RawFlags
  /** Text even where stdout is no terminal, as scripts expect of `--version`. */
  textUnlessJsonAskedFor?: boolean
  /** Sends nothing, not even an earlier sign-out that is pending. */
  offline?: boolean
}

export type Program = CommanderCommand

/** How groups and commands are put into the tree. */
export type Tree = {
  group(parent: Program, name: string, description: string, fill: (group: Program) => void): void
  add(
    parent: Program,
    usage: string,
    description: string,
    load: Invocation["load"],
    more?: {
      flags?: readonly (readonly [flags: string, description: string])[]
      /** Whether its group alone means it. */
      isDefault?: boolean
      hidden?: boolean
      offline?: boolean
    },
  ): void
  /** Whether groups have defaults. */
  groupDefaults: boolean
}

export const DRY_RUN = ["--dry-run", "show what would be sent, and send nothing"] as const
