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

/** A flag as the help shows it: `-y, --yes`, `--name <name>`, `--no-browser`. */
export type Flag = readonly [flags: string, description: string]

/** A command, or a group of commands. */
export type CommandNode = {
  readonly name: string
  /** As the help shows them: `<id>` is needed, `[id]` is not, `[words...]` takes all. */
  readonly operands: readonly string[]
  readonly description: string
  readonly flags: readonly Flag[]
  /** Not in the help. */
  readonly hidden: boolean
  /** Whether its group alone means it. */
  readonly isDefault: boolean
  readonly offline: boolean
  /** `null`: it is a group. */
  readonly load: Invocation["load"] | null
  readonly children: readonly CommandNode[]
}

/** The flags that every command takes. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  ["-V, --version", "show the version"],
  ["--json", "write JSON (also when stdout is not a terminal)"],
  ["-q, --quiet", "leave out progress and sentences of success"],
  ["--verbose", "say more on the way"],
  ["--debug", "show stack traces; secrets stay masked"],
  ["--no-color", "write without colours"],
  ["--reveal", "show secrets in full"],
  ["--timeout <ms>", "time limit of a call, or of the wait for a sign-in"],
  ["--no-interactive", "ask nothing"],
  ["--access-key <key>", "use this access key"],
  ["--auth-url <url>", "the server to sign in at"],
  ["--profile <name>", "use this profile: its server, its sign-in, its app"],
]

export const DRY_RUN = ["--dry-run", "show what would be sent, and send nothing"] as const

/** A group of commands. */
export function group(name: string, description: string, children: readonly CommandNode[]): CommandNode {
  const none = { operands: [], flags: [], hidden: false, isDefault: false, offline: false, load: null }
  return { name, description, ...none, children }
}

/** A command. `usage` is its name and its operands, for example `set <key> [value]`. */
export function command(
  usage: string,
  description: string,
  load: Invocation["load"],
  more: Partial<Pick<CommandNode, "flags" | "hidden" | "isDefault" | "offline">> = {},
): CommandNode {
  const [name = "", ...operands] = usage.split(" ")
  const { flags = [], hidden = false, isDefault = false, offline = false } = more
  return { name, operands, description, flags, hidden, isDefault, offline, load, children: [] }
}
