import type { Context } from "../context.ts"
import type { GlobalFlags } from "../flags.ts"
import { redact } from "./mask.ts"
import { jsonText, printable } from "./printable.ts"
import { type Style, styleFor } from "./style.ts"

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
  /** A detail, which the caller gives only where `--verbose`, `--debug` or the configuration asks for it. */
  detail(message: string): void
}

/** The reporter of one command. Secrets are masked in all it writes. */
export function createReporter(context: Pick<Context, "stderr" | "env">, flags: GlobalFlags): Reporter {
  const style = () => styleFor(context.stderr, { color: flags.color, env: context.env })
  const secrets = [context.env.ALCHEMY_AUTH_TOKEN, context.env.ALCHEMY_ACCESS_KEY, flags.accessKey]
  const line = (text: string) => context.stderr.write(`${text}\n`)
  const event = (fields: { event: string; [field: string]: unknown }) =>
    line(redact(jsonText(fields), secrets))
  const always: Reporter["always"] = (fields, text) => (flags.json ? event(fields) : line(text(style())))
  return {
    get style() {
      return style()
    },
    always,
    progress(fields, text) {
      if (!flags.quiet) always(fields, text)
    },
    note(text) {
      if (!flags.quiet && !flags.json) line(text)
    },
    warning(message) {
      const text = redact(printable(message), secrets)
      if (flags.json) event({ event: "warning", message: text })
      else line(`${style().yellow("!")} ${text}`)
    },
    detail(message) {
      const text = redact(printable(message), secrets)
      if (flags.json) event({ event: "detail", message: text })
      else line(style().dim(`· ${text}`))
    },
  }
}
