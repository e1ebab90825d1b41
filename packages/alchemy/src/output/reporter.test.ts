import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { type GlobalFlags, parseGlobalFlags } from "../flags.ts"
import { createReporter } from "./reporter.ts"

const SECRET = "secret-of-the-environment-0123"

type Given = {
  flags?: Partial<GlobalFlags>
  env?: Record<string, string>
  tty?: boolean
  signal?: AbortSignal
}

function reporter({ flags = {}, env = {}, tty = true, signal }: Given = {}) {
  const stderr = Object.assign(new PassThrough(), tty ? { isTTY: true, columns: 40 } : {})
  let written = ""
  stderr.setEncoding("utf8").on("data", (text: string) => {
    written += text
  })
  const stdout = { isTTY: true, write: () => {} }
  const context = {
    stdin: Object.assign(new PassThrough(), { isTTY: true }),
    stdout,
    stderr,
    env: { NO_COLOR: "1", LANG: "C.UTF-8", ALCHEMY_AUTH_TOKEN: SECRET, ...env },
  }
  const ticks: (() => void)[] = []
  const every = (_: number, call: () => void) => {
    ticks.push(call)
    return () => void ticks.splice(ticks.indexOf(call), 1)
  }
  const report = createReporter(
    { ...context, every, ...(signal === undefined ? {} : { signal }) },
    { ...parseGlobalFlags({}, context), ...flags },
  )
  return {
    report,
    tick: (times: number) => {
      for (let time = 0; time < times; time++) for (const call of [...ticks]) call()
    },
    ticks,
    taken: () => {
      const text = written
      written = ""
      return text
    },
  }
}

function sayAll({ report }: ReturnType<typeof reporter>) {
  report.progress({ event: "on_the_way" }, () => "On the way.")
  report.always({ event: "to_do" }, () => "To do.")
  report.note("Noted.")
  report.warning("Beware.")
  report.detail("Small.")
}

test("sentences for people", () => {
  const given = reporter()
  sayAll(given)
  expect(given.taken()).toBe("On the way.\nTo do.\nNoted.\n! Beware.\n· Small.\n")
})

test("--quiet leaves warnings and what a person must act on", async () => {
  const given = reporter({ flags: { quiet: true } })
  sayAll(given)
  await given.report.working("apps", async () => given.tick(10))
  expect(given.taken()).toBe("To do.\n! Beware.\n")
})

test("events for programs; with --quiet warnings and what must be acted on", () => {
  const given = reporter({ flags: { json: true } })
  sayAll(given)
  const all = given.taken().trim().split("\n")
  expect(all.map((line) => JSON.parse(line).event)).toEqual(["on_the_way", "to_do", "warning", "detail"])
  const quiet = reporter({ flags: { json: true, quiet: true } })
  sayAll(quiet)
  expect(quiet.taken()).toBe('{"event":"to_do"}\n{"event":"warning","message":"Beware."}\n')
})

test("lines are wrapped at words on a terminal, and not elsewhere", () => {
  const text = "The session goes on at the server; end it there."
  const terminal = reporter()
  terminal.report.warning(text)
  terminal.report.note(text)
  expect(terminal.taken()).toBe(
    "! The session goes on at the server; end\n  it there.\nThe session goes on at the server; end\nit there.\n",
  )
  const pipe = reporter({ tty: false })
  pipe.report.warning(text)
  expect(pipe.taken()).toBe(`! ${text}\n`)
})

test("secrets are masked, and nothing reaches the terminal raw", () => {
  const given = reporter()
  given.report.warning(`a\u001b[2J ${SECRET}`)
  given.report.detail(`b\n${SECRET}`)
  given.report.note(`c ${SECRET}`)
  given.report.always({ event: "to_do" }, () => `d ${SECRET}`)
  expect(given.taken()).toBe("! a [2J secr…0123\n· b secr…0123\nc secr…0123\nd secr…0123\n")
})

test("working: a spinner that is gone before the next line, and at the end, also of a failure", async () => {
  const given = reporter()
  const answer = await given.report.working("apps", async (update) => {
    update(300)
    given.tick(5)
    expect(given.taken()).toContain("Waiting for apps… 300")
    given.report.warning("Beware.")
    expect(given.taken()).toBe("\r\u001b[K\u001b[?25h! Beware.\n")
    given.tick(1)
    return 42
  })
  expect(answer).toBe(42)
  expect(given.taken()).toMatch(/\r\u001b\[K\u001b\[\?25h$/)
  const failing = given.report.working("apps", async () => {
    given.tick(5)
    throw new Error("broken")
  })
  await expect(failing).rejects.toThrow("broken")
  expect(given.taken()).toMatch(/\r\u001b\[K\u001b\[\?25h$/)
  expect(given.ticks).toEqual([])
})

test("working within working shows nothing more, and does not end what is shown", async () => {
  const given = reporter()
  await given.report.working("apps", async () => {
    given.tick(5)
    given.taken()
    await given.report.working("the server", async (update) => {
      update(7)
      given.tick(6)
      expect(given.taken()).toMatch(/^(?:\r. Waiting for apps…\u001b\[K){6}$/)
    })
    given.tick(1)
    expect(given.taken()).toContain("Waiting for apps…")
  })
  await given.report.working("the server", async () => given.tick(5))
  expect(given.taken()).toContain("Waiting for the server…")
})

test("working, for programs: events", async () => {
  const given = reporter({ flags: { json: true } })
  await given.report.working("apps", async (update) => {
    update(300, 900)
    given.tick(2)
  })
  expect(given.taken()).toBe('{"event":"progress","done":300,"total":900,"what":"apps"}\n')
})

test.each([
  ["in a pipe", { tty: false }],
  ["on a dumb terminal", { env: { TERM: "dumb" } }],
  ["where nobody watches", { env: { CI: "true" } }],
  ["once it is interrupted", { signal: AbortSignal.abort() }],
])("working %s: nothing is shown, and the work is done", async (_, more) => {
  const given = reporter(more)
  expect(
    await given.report.working("apps", async (update) => {
      update(1)
      given.tick(20)
      return 42
    }),
  ).toBe(42)
  expect(given.taken()).toBe("")
})

test("the spinner in another locale is ASCII; what is waited for is made printable", async () => {
  const given = reporter({ env: { LANG: "C" } })
  await given.report.working("the\u001b[2J apps", async () => given.tick(5))
  expect(given.taken()).toContain("\r\\ Waiting for the [2J apps...\u001b[K")
})
