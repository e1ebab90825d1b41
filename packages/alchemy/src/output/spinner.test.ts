import { expect, onTestFinished, test, vi } from "vitest"
import { canSpin, everyInterval, progressEvents, showsUnicode, spinner } from "./spinner.ts"

/** Time that passes only when it is told to. */
function ticker() {
  const running = new Map<() => void, number>()
  let elapsed = 0
  return {
    every: (milliseconds: number, call: () => void) => {
      running.set(call, milliseconds)
      return () => running.delete(call)
    },
    pass: (milliseconds: number) => {
      for (const end = elapsed + milliseconds; elapsed < end; ) {
        elapsed += 50
        for (const [call, period] of running) if (elapsed % period === 0) call()
      }
    },
    running,
  }
}

function started(more: { width?: number; unicode?: boolean; signal?: AbortSignal } = {}) {
  const time = ticker()
  let written = ""
  const indicator = spinner("apps", {
    write: (text) => {
      written += text
    },
    style: () => ({ dim: (text) => text, width: more.width ?? 80 }),
    unicode: more.unicode ?? true,
    every: time.every,
    signal: more.signal,
  })
  const taken = () => {
    const text = written
    written = ""
    return text
  }
  return { time, indicator, taken }
}

/** The last line that a terminal shows. */
const visible = (written: string) =>
  written.split("\r").at(-1)?.replaceAll("\u001b[K", "").replaceAll("\u001b[?25h", "") ?? ""

test("nothing for half a second; then one line, rewritten with every frame; in the end nothing is left", () => {
  const { time, indicator, taken } = started()
  time.pass(450)
  expect(taken()).toBe("")
  time.pass(50)
  expect(taken()).toBe("\u001b[?25l\r⠴ Waiting for apps…\u001b[K")
  time.pass(100)
  expect(taken()).toBe("\r⠦ Waiting for apps…\u001b[K")
  indicator.stop()
  expect(taken()).toBe("\r\u001b[K\u001b[?25h")
  expect(time.running.size).toBe(0)
})

test("what was done in less than half a second leaves no trace", () => {
  const { time, indicator, taken } = started()
  time.pass(400)
  indicator.stop()
  time.pass(1000)
  expect(taken()).toBe("")
})

test("how much is done, and of how much", () => {
  const { time, indicator, taken } = started()
  indicator.update(300)
  time.pass(500)
  expect(visible(taken())).toBe("⠴ Waiting for apps… 300")
  indicator.update(1200, 31_000)
  time.pass(100)
  expect(visible(taken())).toBe("⠦ Waiting for apps… 1,200 of 31,000")
})

test("the line never takes the last column", () => {
  const { time, indicator, taken } = started({ width: 20 })
  indicator.update(1_000_000)
  time.pass(500)
  expect(visible(taken())).toBe("⠴ Waiting for apps…")
  const ascii = started({ width: 16, unicode: false })
  ascii.time.pass(500)
  expect(visible(ascii.taken())).toBe("\\ Waiting fo...")
})

test("ASCII where the locale has no more", () => {
  const { time, taken } = started({ unicode: false })
  time.pass(500)
  expect(taken()).toMatch(/^[\r\u001b -~]+$/)
})

test("Ctrl-C takes the line away at once and brings the cursor back; nothing follows", () => {
  const interruption = new AbortController()
  const { time, indicator, taken } = started({ signal: interruption.signal })
  time.pass(500)
  taken()
  interruption.abort()
  expect(taken()).toBe("\r\u001b[K\u001b[?25h")
  indicator.update(5)
  time.pass(1000)
  indicator.stop()
  expect(taken()).toBe("")
})

test("after Ctrl-C nothing begins", () => {
  const { time, taken } = started({ signal: AbortSignal.abort() })
  time.pass(1000)
  expect(taken()).toBe("")
})

test("it makes way for what is written, and comes back; where that says what is waited for, with the next news", () => {
  const { time, indicator, taken } = started()
  time.pass(500)
  taken()
  indicator.makeWay(false)
  expect(taken()).toBe("\r\u001b[K\u001b[?25h")
  time.pass(100)
  expect(visible(taken())).toContain("Waiting for apps")
  indicator.makeWay(true)
  taken()
  time.pass(1000)
  expect(taken()).toBe("")
  indicator.update(1)
  time.pass(100)
  expect(visible(taken())).toContain("Waiting for apps… 1")
})

test("programs: an event where there is news, at most four a second, none in the first half second", () => {
  const time = ticker()
  const events: unknown[] = []
  const indicator = progressEvents("apps", { emit: (event) => events.push(event), every: time.every })
  indicator.update(3)
  time.pass(450)
  expect(events).toEqual([])
  time.pass(50)
  expect(events.splice(0)).toEqual([{ event: "progress", done: 3, what: "apps" }])
  time.pass(1000)
  expect(events).toEqual([])
  for (let done = 1; done <= 200; done++) {
    indicator.update(done * 10, 2000)
    time.pass(50)
  }
  expect(events.length).toBe(40)
  expect(events[0]).toEqual({ event: "progress", done: 50, total: 2000, what: "apps" })
  indicator.stop()
  indicator.update(1)
  time.pass(1000)
  expect(events.length).toBe(40)
})

test("programs: where nothing is counted nothing is said", () => {
  const time = ticker()
  const events: unknown[] = []
  progressEvents("the server", { emit: (event) => events.push(event), every: time.every })
  time.pass(5000)
  expect(events).toEqual([])
})

test("real time: it goes on until it is stopped, and keeps no process alive", () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let calls = 0
  const stop = everyInterval(100, () => calls++)
  vi.advanceTimersByTime(350)
  expect(calls).toBe(3)
  stop()
  vi.advanceTimersByTime(1000)
  expect(calls).toBe(3)
})

test.each([
  ["a terminal", { isTTY: true }, {}, true],
  ["a pipe", {}, {}, false],
  ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, false],
  ["a terminal that nobody watches", { isTTY: true }, { CI: "true" }, false],
])("%s: a line that is rewritten has a place or has none", (_, stream, env, has) => {
  expect(canSpin(stream, env)).toBe(has)
})

test.each([
  [{ LANG: "en_GB.UTF-8" }, "linux", true],
  [{ LANG: "de_DE.utf8" }, "linux", true],
  [{ LANG: "C" }, "linux", false],
  [{}, "darwin", false],
  [{ LANG: "en_GB.UTF-8", LC_ALL: "C" }, "linux", false],
  [{ LANG: "en_GB.UTF-8", LC_CTYPE: "de_DE.ISO-8859-1" }, "linux", false],
  [{ LANG: "C", LC_CTYPE: "C.UTF-8" }, "linux", true],
  [{ LANG: "C", LC_ALL: "", LC_CTYPE: "UTF-8" }, "darwin", true],
  [{}, "win32", false],
  [{ WT_SESSION: "b07c9e6e" }, "win32", true],
  [{ TERM_PROGRAM: "vscode" }, "win32", true],
] as const)("with %j on %s more than ASCII is shown: %s", (env, platform, shown) => {
  expect(showsUnicode(env, platform)).toBe(shown)
})
