type Environment = Readonly<Record<string, string | undefined>>

/** The version from which on a terminal that names itself in `TERM_PROGRAM` shows hyperlinks. */
const PROGRAMS: ReadonlyMap<string, readonly [major: number, minor: number]> = new Map([
  ["ghostty", [0, 0]],
  ["iTerm.app", [3, 1]],
  ["tmux", [3, 4]],
  ["vscode", [1, 72]],
  ["WezTerm", [0, 0]],
  ["zed", [0, 0]],
])

const TERMS: ReadonlySet<string> = new Set([
  "alacritty",
  "foot",
  "foot-extra",
  "xterm-ghostty",
  "xterm-kitty",
])

/** 0.50.0, the first with hyperlinks, crashes on them. */
const VTE_WITH_HYPERLINKS = 5001

/**
 * Whether a terminal is known to show hyperlinks (OSC 8), by what it says of itself in the environment. Of one that
 * says nothing it is not assumed: some print the sequence.
 */
export function showsHyperlinks(env: Environment): boolean {
  const { TERM = "", TERM_PROGRAM = "" } = env
  if (TERM === "dumb" || isContinuousIntegration(env)) return false
  // The terminal around a multiplexer has left its own variables; what counts is what the multiplexer passes on.
  if (env.TMUX || env.STY || /^(?:tmux|screen)/.test(TERM)) return TERM_PROGRAM === "tmux" && isRecent(env)
  if (PROGRAMS.has(TERM_PROGRAM)) return isRecent(env)
  if (env.WT_SESSION || env.KITTY_WINDOW_ID || TERMS.has(TERM)) return true
  return /^\d{4,6}$/.test(env.VTE_VERSION ?? "") && Number(env.VTE_VERSION) >= VTE_WITH_HYPERLINKS
}

/** Whether nobody watches: `CI` is set, as all services of that kind do. */
export function isContinuousIntegration(env: Environment): boolean {
  return !["", "0", "false"].includes(env.CI ?? "")
}

function isRecent({ TERM_PROGRAM = "", TERM_PROGRAM_VERSION = "" }: Environment): boolean {
  const [major, minor] = PROGRAMS.get(TERM_PROGRAM) ?? [Number.POSITIVE_INFINITY, 0]
  if (major === 0) return true
  const [, majorGiven, minorGiven] = /^(\d+)\.(\d+)/.exec(TERM_PROGRAM_VERSION) ?? []
  return Number(majorGiven) > major || (Number(majorGiven) === major && Number(minorGiven) >= minor)
}
