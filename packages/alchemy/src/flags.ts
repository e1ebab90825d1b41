import type { Context } from "./context.ts"
import { CLIError } from "./errors.ts"

/** The flags that every command takes, parsed once and frozen. */
export type GlobalFlags = {
  /** JSON in place of text: asked for, or stdout is no terminal. */
  readonly json: boolean
  /** JSON asked for by `--json`. */
  readonly jsonAskedFor: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly debug: boolean
  readonly color: boolean
  readonly reveal: boolean
  /** Whether a person can be asked: a terminal on stdin and stderr, text output, and not `--no-interactive`. */
  readonly interactive: boolean
  /** Whether it was said that nobody is there: `--no-interactive`, `ALCHEMY_NON_INTERACTIVE`, or a CI system's `CI`. */
  readonly nobodyThere: boolean
  readonly timeoutMs: number | undefined
  readonly accessKey: string | undefined
  readonly authUrl: string | undefined
  readonly profile: string | undefined
}

/** Raw values as the command line gave them. */
export type RawFlags = Readonly<Record<string, unknown>>

/** @throws CLIError `INVALID_ARGS` naming the flag */
export function parseGlobalFlags(
  raw: RawFlags,
  context: Pick<Context, "stdin" | "stdout" | "stderr" | "env">,
): GlobalFlags {
  const jsonAskedFor = raw.json === true
  const json = jsonAskedFor || context.stdout.isTTY !== true
  const nobodyThere = raw.interactive === false || saysNobodyIsThere(context.env)
  return Object.freeze({
    json,
    jsonAskedFor,
    quiet: raw.quiet === true,
    verbose: raw.verbose === true,
    debug: raw.debug === true,
    color: raw.color !== false,
    reveal: raw.reveal === true,
    nobodyThere,
    interactive: !nobodyThere && !json && context.stdin.isTTY === true && context.stderr.isTTY === true,
    timeoutMs: wholeNumber(raw.timeout, "--timeout", { least: 1, most: 3_600_000, unit: "milliseconds" }),
    accessKey: textFlag(raw.accessKey, "--access-key"),
    authUrl: textFlag(raw.authUrl, "--auth-url"),
    profile: textFlag(raw.profile, "--profile"),
  })
}

/** `ALCHEMY_NON_INTERACTIVE` decides where it is set, else `CI`, which every CI system sets. */
function saysNobodyIsThere(env: Context["env"]): boolean {
  const said = env.ALCHEMY_NON_INTERACTIVE || env.CI || ""
  return !["", "0", "false"].includes(said.toLowerCase())
}

/** A flag's text, or `undefined` where it was not given. @throws CLIError `INVALID_ARGS` where it is empty */
export function textFlag(value: unknown, flag: string): string | undefined {
  if (typeof value !== "string") return undefined
  if (value.trim() === "") throw new CLIError("INVALID_ARGS", `${flag} must not be empty.`)
  return value.trim()
}

/** A flag's whole number within bounds, or `undefined` where it was not given. @throws CLIError `INVALID_ARGS` */
export function wholeNumber(
  value: unknown,
  flag: string,
  bounds: { least: number; most: number; unit?: string },
): number | undefined {
  const text = textFlag(value, flag)
  if (text === undefined) return undefined
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(number >= bounds.least && number <= bounds.most)) {
    const unit = bounds.unit === undefined ? "" : ` of ${bounds.unit}`
    throw new CLIError(
      "INVALID_ARGS",
      `${flag} must be a whole number${unit} from ${bounds.least} to ${bounds.most}.`,
    )
  }
  return number
}

/** A duration such as `90d`, `12h`, `30m`, `45s` or a number of seconds, in seconds. @throws CLIError `INVALID_ARGS` */
export function durationInSeconds(value: unknown, flag: string): number | undefined {
  const text = textFlag(value, flag)
  if (text === undefined) return undefined
  const [, digits, unit] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? []
  const seconds = Number(digits) * (unit === "d" ? 86_400 : unit === "h" ? 3600 : unit === "m" ? 60 : 1)
  if (!(seconds >= 60)) {
    throw new CLIError(
      "INVALID_ARGS",
      `${flag} must be a duration of at least 60 seconds, for example 90d, 12h, 30m or 3600.`,
    )
  }
  return seconds
}

/** Comma-separated texts without blanks, or `undefined` where the flag was not given. @throws CLIError `INVALID_ARGS` */
export function listFlag(value: unknown, flag: string): string[] | undefined {
  const text = textFlag(value, flag)
  if (text === undefined) return undefined
  const entries = text.split(",").flatMap((entry) => (entry.trim() === "" ? [] : [entry.trim()]))
  if (entries.length === 0) throw new CLIError("INVALID_ARGS", `${flag} must name at least one.`)
  return [...new Set(entries)]
}
