import { PassThrough } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import { expect, test } from "vitest"
import { createPrompter, type Prompter } from "./prompter.ts"
import { columnsOf } from "./width.ts"

const APPS = Array.from({ length: 300 }, (_, index) => ({
  value: { id: `app_${index}` },
  label: `Application number ${index}`,
  hint: index === 250 ? "the one for Polygon" : "eth-mainnet",
}))
const INTERRUPTED = expect.objectContaining({ code: "INTERRUPTED" })

const KEYS = { enter: "\r", down: "\u001b[B", up: "\u001b[A", ctrlC: "\u0003", backspace: "\u007f" }

/** A person at a terminal of 40 columns, who is asked and types. */
async function asked<T>(
  question: (prompter: Prompter) => Promise<T>,
  typed: readonly string[],
  signal = new AbortController().signal,
  rows = 24,
) {
  const input = new PassThrough()
  const output = Object.assign(new PassThrough(), { columns: 40, rows, isTTY: true })
  let shown = ""
  output.setEncoding("utf8").on("data", (text: string) => {
    shown += text
  })
  const answer = question(createPrompter({ input, output, signal }))
  const settled = answer.then(
    () => true,
    () => true,
  )
  // The prompt is loaded at the question.
  while (shown === "" && !(await Promise.race([settled, turn(false)])));
  for (const key of typed) {
    input.write(key)
    await turn()
    await turn()
  }
  return { answer, shown: () => shown }
}

const lines = (shown: string) => shown.replace(/\u001b\[[\d;?]*[A-Za-z]/g, "\n").split("\n")

test("choose: Enter takes the first, arrows move, typing searches", async () => {
  const choose = (prompter: Prompter) => prompter.choose("Which app?", APPS)
  expect(await (await asked(choose, [KEYS.enter])).answer).toBe(APPS[0]?.value)
  expect(await (await asked(choose, [KEYS.down, KEYS.down, KEYS.enter])).answer).toBe(APPS[2]?.value)
  expect(await (await asked(choose, [KEYS.up, KEYS.enter])).answer).toBe(APPS[299]?.value)
  expect(await (await asked(choose, [..."number 123", KEYS.enter])).answer).toBe(APPS[123]?.value)
  expect(await (await asked(choose, [..."polygon app", KEYS.enter])).answer).toBe(APPS[250]?.value)
})

test("choose: the current one is where the list begins", async () => {
  const choose = (prompter: Prompter) =>
    prompter.choose("Which app?", APPS, { current: APPS[7]?.value ?? { id: "" } })
  expect(await (await asked(choose, [KEYS.enter])).answer).toBe(APPS[7]?.value)
  const another = (prompter: Prompter) => prompter.choose("Which app?", APPS, { current: { id: "gone" } })
  expect(await (await asked(another, [KEYS.enter])).answer).toBe(APPS[0]?.value)
})

test("choose: where nothing is found, Enter says so and the question stays", async () => {
  const choose = (prompter: Prompter) => prompter.choose("Which app?", APPS)
  const typed = [..."zz", KEYS.enter, KEYS.backspace, KEYS.backspace, KEYS.enter]
  const { answer, shown } = await asked(choose, typed)
  expect(await answer).toBe(APPS[0]?.value)
  expect(shown()).toContain("Nothing is found.")
})

test("choose: hundreds of long entries fit 40 columns and 18 rows, each on a line; all of each is searched", async () => {
  const long = APPS.map((app, index) => ({ ...app, label: `${"日本 long ".repeat(9)}${index}` }))
  const choose = (prompter: Prompter) => prompter.choose("Which app shall be used from now on?", long)
  const typed = [KEYS.down, KEYS.down, ..."123", KEYS.enter]
  const { answer, shown } = await asked(choose, typed, undefined, 18)
  expect(await answer).toBe(APPS[123]?.value)
  expect(Math.max(...lines(shown()).map(columnsOf))).toBeLessThanOrEqual(40)
  const [first = ""] = shown().split("\u001b[999D")
  expect(first.split("\n").length).toBeLessThanOrEqual(18)
  expect(first.match(/日本 long 日本 long 日本 long 日…/g)?.length).toBeGreaterThanOrEqual(4)
})

test("choose: the hint has what the label leaves", async () => {
  const options = [{ value: 1, label: "short", hint: "h".repeat(60) }]
  const { answer, shown } = await asked((prompter) => prompter.choose("Which?", options), [KEYS.enter])
  await answer
  expect(lines(shown()).join("")).toContain(`(${"h".repeat(25)}…)`)
})

test("choose: what comes from a server is made printable", async () => {
  const options = [{ value: 1, label: "a\u001b[2Jb\nc", hint: "d\u009b2J" }]
  const { answer, shown } = await asked(
    (prompter) => prompter.choose("Which\u001b[2J?", options),
    [KEYS.enter],
  )
  expect(await answer).toBe(1)
  expect(shown()).toContain("a [2Jb c")
  expect(shown()).toContain("Which [2J?")
  expect(shown()).not.toMatch(/\u001b\[2J|\u009b/)
})

test("text: what is typed, without blanks around it; nothing is an empty text", async () => {
  const text = (prompter: Prompter) => prompter.text("Name?", { placeholder: "demo" })
  expect(await (await asked(text, [..." my app ", KEYS.enter])).answer).toBe("my app")
  const { answer, shown } = await asked(text, [KEYS.enter])
  expect(await answer).toBe("")
  expect(shown()).toMatch(/d.*emo/)
})

test("text: what is wrong with it is said until it is right", async () => {
  const validate = (text: string) => (text.length < 3 ? "At least three characters." : undefined)
  const text = (prompter: Prompter) => prompter.text("Name?", { validate })
  const { answer, shown } = await asked(text, ["a", KEYS.enter, "b", "c", KEYS.enter])
  expect(await answer).toBe("abc")
  expect(shown()).toContain("At least three characters.")
})

test("a password is not echoed, and what is confirmed is no unless it is said", async () => {
  const { answer, shown } = await asked((prompter) => prompter.password("Key?"), [..."hunter2", KEYS.enter])
  expect(await answer).toBe("hunter2")
  expect(shown()).not.toContain("hunter2")
  expect(await (await asked((prompter) => prompter.confirm("Sure?"), [KEYS.enter])).answer).toBe(false)
  expect(await (await asked((prompter) => prompter.confirm("Sure?"), ["y"])).answer).toBe(true)
})

const QUESTIONS: readonly [string, (prompter: Prompter) => Promise<unknown>][] = [
  ["confirm", (prompter) => prompter.confirm("Sure?")],
  ["password", (prompter) => prompter.password("Key?")],
  ["choose", (prompter) => prompter.choose("Which app?", APPS)],
  ["text", (prompter) => prompter.text("Name?")],
]

test.each(QUESTIONS)("%s: Ctrl-C, and a signal, is INTERRUPTED", async (_, question) => {
  const { answer } = await asked(question, [KEYS.ctrlC])
  await expect(answer).rejects.toEqual(INTERRUPTED)
  const before = await asked(question, [], AbortSignal.abort())
  await expect(before.answer).rejects.toEqual(INTERRUPTED)
  const interruption = new AbortController()
  const during = await asked(question, [], interruption.signal)
  interruption.abort()
  await expect(during.answer).rejects.toEqual(INTERRUPTED)
})
