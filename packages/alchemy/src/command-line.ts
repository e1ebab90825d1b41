import type { CommanderError, Command as Program } from "commander"
import type { Context } from "./context.ts"
import { CLIError } from "./errors.ts"
import { parseGlobalFlags, type RawFlags } from "./flags.ts"
import { printable } from "./output/printable.ts"
import { readPlainLine } from "./program/plain-line.ts"
import type { Invocation } from "./program/tree.ts"
import { commandNodes } from "./program.ts"

/** What a command line asks for: to run a command, or to show a help text. */
export type Asked = Invocation | { help: string }

/** @throws CLIError `INVALID_ARGS` where the command line is none, with the nearest command or flag as the hint */
export async function readCommandLine(argv: readonly string[], context: Context): Promise<Asked> {
  if (isVersionQuestion(argv)) return versionInvocation({ json: argv.includes("--json") })
  const plain = readPlainLine(commandNodes(), argv)
  if (plain !== null) return plain
  const [commander, { createProgram }] = await Promise.all([
    import("commander"),
    import("./program/commander.ts"),
  ])
  let help = ""
  let invocation: Invocation | undefined
  const build = (groupDefaults: boolean) =>
    createProgram({
      dispatch: (named) => {
        invocation = named.raw.version === true ? versionInvocation(named.raw) : named
      },
      write: (text) => {
        help += text
      },
      width: context.stdout.columns || undefined,
      groupDefaults,
    })
  /** What commander has to say, where it does not come to a command. */
  const read = (program: Program, words: readonly string[]): CommanderError | null => {
    try {
      program.parse(words, { from: "user" })
      return null
    } catch (error) {
      if (error instanceof commander.CommanderError) return error
      throw error
    }
  }
  const program = build(true)
  const said = read(program, helpAsFlag(argv))
  if (invocation !== undefined) return invocation
  if (said === null) return { help }
  // `alchemy auth statsu` was read as `alchemy auth login statsu`; without that default it is an unknown command.
  if (said.code === "commander.excessArguments") throw argumentError(read(build(false), argv) ?? said)
  if (!said.code.startsWith("commander.help")) throw argumentError(said)
  const [named] = program.args
  // `alchemy bogus --help` would show the help of all.
  if (named !== undefined && isUnknown(named, program)) {
    throw argumentError(read(build(false), [named]) ?? said)
  }
  if (said.code !== "commander.help") return { help }
  const raw = program.opts()
  if (raw.version === true) return versionInvocation(raw)
  // No command at all, and not even `help`: that alone may be more than a question for the help.
  return (named === undefined ? aloneInvocation(raw, help, context) : null) ?? { help }
}

function isUnknown(word: string, program: Program): boolean {
  return (
    word !== "help" && !word.startsWith("-") && !program.commands.some((command) => command.name() === word)
  )
}

/** `alchemy help auth login` as `alchemy auth login --help`: commander's own `help` looks one command deep. */
function helpAsFlag(argv: readonly string[]): readonly string[] {
  const [first, second] = argv
  const named = first === "help" && second !== undefined && !second.startsWith("-")
  return named ? [...argv.slice(1), "--help"] : argv
}

/** `alchemy --version`, for which nothing else is loaded. */
function isVersionQuestion(argv: readonly string[]): boolean {
  const [first, second, ...rest] = argv
  const json = second === undefined || second === "--json"
  return (first === "--version" || first === "-V") && json && rest.length === 0
}

function versionInvocation(raw: RawFlags): Invocation {
  const load = () => import("./commands/version.ts")
  return { load, operands: [], raw, textUnlessJsonAskedFor: true, offline: true }
}

/**
 * What `alchemy` alone runs: the document for programs where JSON is asked for, since whoever asks for it parses it; the welcome
 * where a person can be asked. `null`: nothing but the help.
 */
function aloneInvocation(raw: RawFlags, help: string, context: Context): Invocation | null {
  const { jsonAskedFor, interactive } = parseGlobalFlags(raw, context)
  if (jsonAskedFor) {
    return { load: () => import("./commands/agent-prompt.ts"), operands: [], raw, offline: true }
  }
  if (!interactive) return null
  const load = async () => ({
    command: (await import("./commands/onboarding.ts")).onboardingCommand(help),
  })
  return { load, operands: [], raw }
}

/** What commander found wrong with the command line, with its nearest match as the hint. */
function argumentError(error: CommanderError): CLIError {
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n")
  const nearest = /^\(Did you mean (.+)\?\)$/.exec(suggestion ?? "")?.[1]
  const text = printable(message, 200)
  return new CLIError(
    "INVALID_ARGS",
    `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.?$/, ".")}`,
    {
      hint:
        nearest === undefined ? "`alchemy --help` lists the commands and flags." : `Did you mean ${nearest}?`,
      cause: error,
    },
  )
}
