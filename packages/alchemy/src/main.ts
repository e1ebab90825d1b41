import type { CommanderError } from "commander"
import type { CommandContext, Result } from "./command.ts"
import type { ConfigFile } from "./config/file.ts"
import { type Context, contextWith } from "./context.ts"
import { CLIError, EXIT_CODES, interrupted } from "./errors.ts"
import { parseGlobalFlags, type RawFlags } from "./flags.ts"
import { skewWarning, withServerClock } from "./network/server-clock.ts"
import { redact } from "./output/mask.ts"
import { jsonText, printable } from "./output/printable.ts"
import { createReporter } from "./output/reporter.ts"
import type { ResultStream } from "./output/result-stream.ts"
import { styleFor } from "./output/style.ts"
import { wrapped } from "./output/wrap.ts"
import { deliverPendingRevocations } from "./pending-revocations.ts"
import type { Invocation } from "./program/tree.ts"

/** How long a command that is interrupted has to put away what it holds, in milliseconds. */
const UNWINDING_MS = 500

/**
 * Runs one command line (without the program's own name) and returns the exit code. The only place that renders
 * results and errors. Never throws, and resolves once all is written.
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  try {
    return await untilInterrupted(execute(argv, context), context.signal)
  } catch (error) {
    await write(context.stderr, errorText(error, argv, context))
    return error instanceof CLIError ? error.exitCode : EXIT_CODES.INTERNAL_ERROR
  }
}

async function untilInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const end = Promise.withResolvers<never>()
  const onAbort = () => {
    timer = setTimeout(() => end.reject(interrupted()), UNWINDING_MS)
  }
  if (signal.aborted) onAbort()
  signal.addEventListener("abort", onAbort, { once: true })
  try {
    return await Promise.race([work, end.promise])
  } catch (error) {
    throw signal.aborted ? interrupted() : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", onAbort)
  }
}

async function execute(argv: readonly string[], context: Context): Promise<number> {
  if (isVersionQuestion(argv))
    return runCommand(versionInvocation({ json: argv.includes("--json") }), context)
  const [commander, { createProgram }] = await Promise.all([import("commander"), import("./program.ts")])
  let help = ""
  let exitCode = 0
  let dispatched = false
  const parse = (groupDefaults: boolean, isNamed: (word: string) => boolean = () => true) =>
    createProgram({
      dispatch: async (invocation) => {
        dispatched = true
        const { raw } = invocation
        exitCode = await runCommand(raw.version === true ? versionInvocation(raw) : invocation, context)
      },
      write: (text) => {
        help += text
      },
      width: context.stdout.columns || undefined,
      groupDefaults,
      isNamed,
    })
  const words = helpAsFlag(argv)
  const read = (program: ReturnType<typeof parse>, line = words) => program.parseAsync(line, { from: "user" })
  // Only the commands that are named are built at first: all of them take milliseconds. Where that leads to no command, the whole says why, or helps.
  let program = parse(true, (word) => words.includes(word))
  try {
    await read(program).catch((error: unknown) => {
      if (dispatched || !(error instanceof commander.CommanderError)) throw error
    })
    if (!dispatched) {
      help = ""
      program = parse(true)
      await read(program)
    }
  } catch (error) {
    if (!(error instanceof commander.CommanderError)) throw error
    if (error.code === "commander.excessArguments") {
      // `alchemy auth statsu` was read as `alchemy auth login statsu`; without that default it is an unknown command.
      await parse(false)
        .parseAsync(argv, { from: "user" })
        .catch((again: unknown) => {
          throw again instanceof commander.CommanderError ? argumentError(again) : again
        })
    }
    if (error.code === "commander.help" && program.opts().version === true) {
      return runCommand(versionInvocation(program.opts()), context)
    }
    if (!error.code.startsWith("commander.help")) throw argumentError(error)
    // `alchemy bogus --help` would show the help of all.
    const [named] = program.args
    const isCommand = program.commands.some((command) => command.name() === named)
    if (named !== undefined && named !== "help" && !named.startsWith("-") && !isCommand) {
      await read(parse(false), [named]).catch((unknown: unknown) => {
        throw unknown instanceof commander.CommanderError ? argumentError(unknown) : unknown
      })
    }
    // No command at all, and not even `help`: that alone may be more than a question for the help.
    const alone = error.code === "commander.help" && program.args.length === 0
    const invocation = alone ? aloneInvocation(program.opts(), help, context) : null
    if (invocation !== null) return runCommand(invocation, context)
    await write(context.stdout, help)
  }
  return exitCode
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

async function runCommand(invocation: Invocation, context: Context): Promise<number> {
  const flags = parseGlobalFlags(invocation.raw, context)
  const report = createReporter(context, flags)
  const servers = new Set<string>()
  const clock = withServerClock(context.fetch, {
    now: context.now,
    isOurs: ({ origin }) => servers.has(origin),
    onSkew: (skewMs) => report.warning(skewWarning(skewMs)),
  })
  let file: Promise<ConfigFile> | undefined
  const open = async () => {
    const [{ openConfigFile }, { serverOrigins }] = await Promise.all([
      import("./config/file.ts"),
      import("./config/settings.ts"),
    ])
    const config = await openConfigFile(commandContext, (warning) => report.warning(warning))
    clock.know((await config.secondsAhead()) * -1000)
    for (const origin of serverOrigins(await config.values(), commandContext)) servers.add(origin)
    return config
  }
  const commandContext: CommandContext = contextWith(context, {
    flags,
    report,
    fetch: clock.fetch,
    serverNow: clock.now,
    config: () => {
      file ??= open()
      return file
    },
  })
  // Begun before the command is loaded: the sooner, the less it is waited for.
  const finishDelivery =
    invocation.offline || invocation.raw.offline === true
      ? undefined
      : deliverPendingRevocations(commandContext)
  try {
    const { command } = await invocation.load()
    const options = command.parse(invocation.operands, invocation.raw)
    const result = await command.run(options, commandContext)
    const asText = result.textUnlessJsonAskedFor || invocation.textUnlessJsonAskedFor
    await write(context.stdout, resultText(result, asText ? flags.jsonAskedFor : flags.json, commandContext))
    return result.exitCode ?? 0
  } finally {
    await finishDelivery?.()
    const ahead = Math.max(0, -(clock.skewMs() ?? 0)) / 1000
    await file?.then((config) => config.keepSecondsAhead(ahead)).catch(() => {})
  }
}

function resultText(result: Result, asJson: boolean, context: CommandContext): string {
  const { flags, stdout, env } = context
  if (asJson) return `${jsonText(result.data, stdout.isTTY === true ? 2 : 0)}\n`
  if (flags.quiet && result.sentenceOnly === true) return ""
  const style = styleFor(stdout, { color: flags.color, env })
  const text = result.text(style)
  return result.verbatim || result.textUnlessJsonAskedFor ? text : wrapped(text, style.width)
}

/** An error as it is shown. The flags are read off the command line itself, which may be what could not be parsed. */
function errorText(error: unknown, argv: readonly string[], context: Context): string {
  const { env, stderr, stdout } = context
  const given = argv.findLast((_argument, index) => argv[index - 1] === "--access-key")
  const secrets = [env.ALCHEMY_AUTH_TOKEN, env.ALCHEMY_ACCESS_KEY, given]
  const shown = (text: string) => redact(printable(text), secrets)
  const known =
    error instanceof CLIError
      ? error
      : new CLIError("INTERNAL_ERROR", "Something went wrong inside this command.", {
          hint: "Run it again with --debug to see where, and report it.",
        })
  const stack =
    argv.includes("--debug") && error instanceof Error
      ? redact(stackOf(error), secrets).replace(/[^\P{Cc}\n]/gu, " ")
      : undefined
  const message = shown(known.message)
  const hint = known.hint === undefined ? undefined : shown(known.hint)
  if (argv.includes("--json") || stdout.isTTY !== true) {
    const { code, retryable } = known
    const details = { code, message, ...(hint === undefined ? {} : { hint }), retryable }
    return `${jsonText({ error: { ...details, ...(stack === undefined ? {} : { stack }) } })}\n`
  }
  const style = styleFor(stderr, { color: !argv.includes("--no-color"), env })
  // The terminal has put `^C` on the line.
  const above = known.code === "INTERRUPTED" && stderr.isTTY === true ? "\n" : ""
  const said = [`${style.red("✗")} ${message}`, hint && `  ${hint}`].filter(Boolean).join("\n")
  return `${above}${wrapped(said, style.width)}\n${stack ? `${style.dim(stack)}\n` : ""}`
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : ""
  return `${error.stack ?? error.message}${cause}`
}

/** Writes and waits until it is handed over. A reader that has gone away (EPIPE) is no error. */
function write(stream: ResultStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (text === "") resolve()
    else stream.write(text, () => resolve())
  })
}
