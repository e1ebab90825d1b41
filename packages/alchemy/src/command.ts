import type { OpenConfig } from "./config/file.ts"
import type { Context } from "./context.ts"
import type { GlobalFlags, RawFlags } from "./flags.ts"
import type { Reporter } from "./output/reporter.ts"
import type { Style } from "./output/style.ts"

/** What a command works with: the edge of the process, the global flags, a voice and the configuration. */
export type CommandContext = Context & {
  readonly flags: GlobalFlags
  readonly report: Reporter
  readonly config: OpenConfig
  /** Milliseconds since 1970 by the server's clock as far as it is known, else by this machine's: what expiry is judged by. */
  readonly serverNow: () => number
}

/** What a command found out or did; `main` renders it once, as JSON or as text. */
export type Result = {
  data: unknown
  /** Ends with a line break, or is empty. */
  text: (style: Style) => string
  /** The text is laid out already, or is not for reading: on a terminal it is not wrapped. */
  verbatim?: boolean
  /** A success sentence only, which `--quiet` leaves out. */
  sentenceOnly?: boolean
  /** Text even where stdout is no terminal; JSON only by `--json`. */
  textUnlessJsonAskedFor?: boolean
  /** Default 0. */
  exitCode?: number
}

/** One command: the command line becomes options, options become a result. */
export type Command<Options = unknown> = {
  /** @throws CLIError `INVALID_ARGS` */
  parse(operands: readonly string[], raw: RawFlags): Options
  run(options: Options, context: CommandContext): Promise<Result>
}
