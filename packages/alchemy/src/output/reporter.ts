import type { Context } from "../context.ts"
import type { GlobalFlags } from "../flags.ts"
import { redact } from "./mask.ts"
import { jsonText, printable } from "./printable.ts"
import { canSpin, everyInterval, type Indicator, progressEvents, showsUnicode, spinner } from "./spinner.ts"
import { type Style, styleFor } from "./style.ts"
import { wrapped } from "./wrap.ts"

/** What is said on stderr while a command works: sentences for people, or one JSON line an event for programs. */
export type Reporter = {
  readonly style: Style
  /** Something that happens on the way. `event` is its JSON form. Left out with `--quiet`. */
  progress(event: { event: string; [field: string]: unknown }, text: (style: Style) => string): void
  /** As `progress`, but with `--quiet` too: the person must act on it. */
  always(event: { event: string; [field: string]: unknown }, text: (style: Style) => string): void
  /** A sentence that people only see, and not with `--quiet`. */
  note(text: string): void
  /** Something that went wrong without ending the command. Shown with `--quiet` too. */
  warning(message: string): void
  /** A detail, which the caller gives only where `--verbose`, `--debug` or the configuration asks for it. Left out with `--quiet`. */
  detail(message: string): void
  /**
   * Shows that `what` (for example `apps`) is waited for while `work` runs, once that takes more than half a second: a
   * spinner on a terminal, and for programs, where `work` says how much is done, events such as
   * `{"event":"progress","done":300,"total":900,"what":"apps"}`. Within another `working` nothing more is shown.
   * Resolves and rejects as `work` does.
   */
  working<T>(what: string, work: (update: (done: number, total?: number) => void) => Promise<T>): Promise<T>
}

type Edge = Pick<Context, "stderr" | "env"> & Partial<Pick<Context, "every" | "platform" | "signal">>

/** The reporter of one command. Secrets are masked in all it writes, and on a terminal lines are wrapped at words. */
export function createReporter(context: Edge, flags: GlobalFlags): Reporter {
  const { env, every = everyInterval, platform = "linux", signal } = context
  const style = () => styleFor(context.stderr, { color: flags.color, env })
  const secrets = [env.ALCHEMY_AUTH_TOKEN, env.ALCHEMY_ACCESS_KEY, flags.accessKey]
  let indicator: Indicator | null = null
  const line = (text: string, rest: boolean) => {
    indicator?.makeWay(rest)
    context.stderr.write(`${wrapped(redact(text, secrets), style().width)}\n`)
  }
  const event = (fields: { event: string; [field: string]: unknown }) =>
    context.stderr.write(`${redact(jsonText(fields), secrets)}\n`)
  const always: Reporter["always"] = (fields, text) =>
    flags.json ? event(fields) : line(text(style()), true)
  const indicatorOf = (what: string): Indicator | null => {
    if (indicator !== null || flags.quiet) return null
    if (flags.json) return progressEvents(what, { emit: event, every })
    if (!canSpin(context.stderr, env)) return null
    const write = (text: string) => context.stderr.write(text)
    return spinner(printable(what, 100), {
      write,
      style,
      unicode: showsUnicode(env, platform),
      every,
      signal,
    })
  }
  return {
    get style() {
      return style()
    },
    always,
    progress(fields, text) {
      if (!flags.quiet) always(fields, text)
    },
    note(text) {
      if (!flags.quiet && !flags.json) line(text, true)
    },
    warning(message) {
      const text = redact(printable(message), secrets)
      if (flags.json) event({ event: "warning", message: text })
      else line(`${style().yellow("!")} ${text}`, false)
    },
    detail(message) {
      if (flags.quiet) return
      const text = redact(printable(message), secrets)
      if (flags.json) event({ event: "detail", message: text })
      else line(style().dim(`· ${text}`), false)
    },
    async working(what, work) {
      const own = indicatorOf(what)
      if (own === null) return work(() => {})
      indicator = own
      try {
        return await work(own.update)
      } finally {
        own.stop()
        indicator = null
      }
    },
  }
}
