import type { CommandContext, Result } from "./command.ts"
import { readCommandLine } from "./command-line.ts"
import type { ConfigFile } from "./config/file.ts"
import { type Context, contextWith } from "./context.ts"
import { CLIError, EXIT_CODES, interrupted } from "./errors.ts"
import { parseGlobalFlags } from "./flags.ts"
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
  const asked = await readCommandLine(argv, context)
  if ("load" in asked) return runCommand(asked, context)
  await write(context.stdout, asked.help)
  return 0
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
