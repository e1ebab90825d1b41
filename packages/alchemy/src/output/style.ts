type Format = "bold" | "dim" | "green" | "red" | "yellow"

/** How text is dressed for one stream: colours where it shows them, and its width in columns. */
export type Style = {
  readonly color: boolean
  readonly width: number
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
  yellow(text: string): string
  /** A hyperlink (OSC 8) whose visible text is the whole URL. */
  link(url: string): string
}

/** The style of a stream. Colours and links only on a terminal, without `NO_COLOR` (no-color.org) and not on a dumb one. */
export function styleFor(
  stream: { isTTY?: boolean; columns?: number },
  options: { color: boolean; env: Record<string, string | undefined> },
): Style {
  const { env } = options
  const color = options.color && stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb"
  // An `import` of `node:util` evaluates all that it exports, which takes milliseconds.
  const dress = (format: Format) => (text: string) =>
    color ? process.getBuiltinModule("node:util").styleText(format, text, { validateStream: false }) : text
  return {
    color,
    // A pseudo-terminal that nobody has given a size says 0.
    width: Math.max(20, stream.columns || 80),
    bold: dress("bold"),
    dim: dress("dim"),
    green: dress("green"),
    red: dress("red"),
    yellow: dress("yellow"),
    link: (url) => (color ? `\u001b]8;;${url}\u001b\\${url}\u001b]8;;\u001b\\` : url),
  }
}
