import { isContinuousIntegration } from "./hyperlinks.ts"
import type { Style } from "./style.ts"
import { cut } from "./width.ts"

/** Calls `call` every so many milliseconds, until the returned function is called. */
export type Every = (milliseconds: number, call: () => void) => () => void

/** Shows that something is going on, from its creation until `stop`. */
export type Indicator = {
  /** How much is done, and of how much where that is known. */
  update(done: number, total?: number): void
  /** Something else is about to be written. With `rest` it says what is waited for; then nothing is shown until the next `update`. */
  makeWay(rest: boolean): void
  stop(): void
}

/** What takes less time than this is not worth a word, in milliseconds. */
const PATIENCE_MS = 500
const FRAME_MS = 100
/** At most four events a second. */
const EVENT_MS = 250

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
const ASCII_FRAMES = ["-", "\\", "|", "/"]

const HIDE_CURSOR = "\u001b[?25l"
const SHOW_CURSOR = "\u001b[?25h"
const ERASE_LINE = "\r\u001b[K"

/** Real time, which does not keep the process alive. */
export const everyInterval: Every = (milliseconds, call) => {
  const timer = setInterval(call, milliseconds)
  timer.unref()
  return () => clearInterval(timer)
}

/** Whether a line that is rewritten has a place: a terminal that can do so, with a person before it. */
export function canSpin(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && env.TERM !== "dumb" && !isContinuousIntegration(env)
}

/**
 * One line that is rewritten in place, and leaves nothing behind: neither when it is stopped nor when `signal` is
 * aborted. `what` is waited for, for example `apps`.
 */
export function spinner(
  what: string,
  io: {
    write: (text: string) => unknown
    style: () => Pick<Style, "dim" | "width">
    unicode: boolean
    every: Every
    signal?: AbortSignal | undefined
  },
): Indicator {
  const { write, unicode, every, signal } = io
  const frames = unicode ? FRAMES : ASCII_FRAMES
  const dots = unicode ? "…" : "..."
  let ticks = 0
  let shown = false
  let resting = false
  let count = ""
  const erase = () => {
    if (shown) write(`${ERASE_LINE}${SHOW_CURSOR}`)
    shown = false
  }
  const draw = () => {
    ticks++
    if (resting || ticks * FRAME_MS < PATIENCE_MS) return
    const { dim, width } = io.style()
    const text = `${frames[ticks % frames.length]} Waiting for ${what}${dots}${count}`
    // The last column stays free: some terminals begin a new line once it is taken.
    write(`${shown ? "" : HIDE_CURSOR}\r${dim(cut(text, width - 1, dots))}\u001b[K`)
    shown = true
  }
  const cease = every(FRAME_MS, draw)
  const stop = () => {
    signal?.removeEventListener("abort", stop)
    cease()
    erase()
  }
  signal?.addEventListener("abort", stop, { once: true })
  if (signal?.aborted) stop()
  return {
    update(done, total) {
      count = ` ${figure(done)}${total === undefined ? "" : ` of ${figure(total)}`}`
      resting = false
    },
    makeWay(rest) {
      erase()
      resting ||= rest
    },
    stop,
  }
}

/**
 * The same for programs: an event whenever more is done, at most four a second. None where nothing is counted: a program
 * knows that it waits, and reads less than a person.
 */
export function progressEvents(
  what: string,
  io: { emit: (event: { event: string; [field: string]: unknown }) => void; every: Every },
): Indicator {
  let ticks = 0
  let news: { done: number; total?: number } | null = null
  const cease = io.every(EVENT_MS, () => {
    ticks++
    if (news === null || ticks * EVENT_MS < PATIENCE_MS) return
    io.emit({ event: "progress", ...news, what })
    news = null
  })
  return {
    update(done, total) {
      news = { done, ...(total === undefined ? {} : { total }) }
    },
    makeWay() {},
    stop: cease,
  }
}

const figure = (count: number) => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",")

/**
 * Whether more than ASCII reaches the person: by the locale (POSIX: `LC_ALL`, then `LC_CTYPE`, then `LANG`), on Windows
 * by the terminal, of which the older ones have no such glyphs.
 */
export function showsUnicode(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): boolean {
  if (platform === "win32") return Boolean(env.WT_SESSION || env.TERM_PROGRAM)
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "")
}
