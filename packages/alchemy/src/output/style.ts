import { showsHyperlinks } from "./hyperlinks.ts"
import { printable } from "./printable.ts"

type Format = "bold" | "dim" | "green" | "red" | "yellow"

/** How text is dressed for one stream: colours where it shows them, and its width in columns. */
export type Style = {
  readonly color: boolean
  /** In columns; `Infinity` where the stream is no terminal, and nothing is wrapped. */
  readonly width: number
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
  yellow(text: string): string
  /** A URL, on terminals that have them as a hyperlink (OSC 8). What is visible is the whole of it either way. */
  link(url: string): string
}

/** The style of a stream. Colours as `showsColor` says; hyperlinks where there are colours, and the terminal has them. */
export function styleFor(
  stream: { isTTY?: boolean; columns?: number },
  options: { color: boolean; env: Record<string, string | undefined> },
): Style {
  const { env } = options
  const terminal = stream.isTTY === true
  const color = options.color && showsColor(terminal, env)
  // An `import` of `node:util` evaluates all that it exports, which takes milliseconds.
  const dress = (format: Format) => (text: string) =>
    color ? process.getBuiltinModule("node:util").styleText(format, text, { validateStream: false }) : text
  return {
    color,
    // A pseudo-terminal that nobody has given a size says 0.
    width: Math.max(20, stream.columns || (terminal ? 80 : Number.POSITIVE_INFINITY)),
    bold: dress("bold"),
    dim: dress("dim"),
    green: dress("green"),
    red: dress("red"),
    yellow: dress("yellow"),
    link: (url) => {
      if (!/^[\x21-\x7e]+$/.test(url)) return printable(url, 2000)
      if (!color || !terminal || !showsHyperlinks(env)) return url
      return `\u001b]8;;${url}\u001b\\${url}\u001b]8;;\u001b\\`
    },
  }
}

/**
 * Colours on a terminal that is not a dumb one. `NO_COLOR` (no-color.org) takes them away and comes before all else;
 * `FORCE_COLOR` gives them to any stream, or with `0` and `false` to none.
 */
function showsColor(terminal: boolean, env: Record<string, string | undefined>): boolean {
  if ((env.NO_COLOR ?? "") !== "") return false
  const { FORCE_COLOR: forced = "" } = env
  if (forced !== "") return forced !== "0" && forced !== "false"
  return terminal && env.TERM !== "dumb"
}
