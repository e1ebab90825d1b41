import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { waitForEnter } from "./enter.ts"
import { maskSecret, redact } from "./mask.ts"
import { jsonText, printable } from "./printable.ts"

const TOKEN = `alchemy_at_tAg9${"s".repeat(43)}abCDef`

test.each([
  [TOKEN, "alchemy_at_tAg9…CDef"],
  ["0123456789012345678901", "0123…8901"],
  ["short", "••••"],
  ["", "••••"],
])("%j is shown as %j", (secret, shown) => {
  expect(maskSecret(secret)).toBe(shown)
})

test("redact masks what it is told, percent-encoded too, and everything of the form of a token", () => {
  expect(redact(`a ${TOKEN} b`)).toBe("a alchemy_at_tAg9…CDef b")
  expect(redact("x=s%20ecret&y=s ecret", ["s ecret", undefined, ""])).toBe("x=••••&y=••••")
})

test("printable is one line without control or direction characters", () => {
  expect(printable("a\u0000b\r\n\u202ec\u2028d\u009b2J")).toBe("a b c d 2J")
  expect(printable("x".repeat(600))).toHaveLength(500)
})

test("JSON escapes what a terminal could act on, and reads back the same", () => {
  const value = { text: "\u001b\u009b\u202e\u{e0041}é", nested: ["\u2028"] }
  for (const indent of [0, 2]) {
    const json = jsonText(value, indent)
    expect(json).toMatch(/^[\n\x20-\x7eé]+$/)
    expect(JSON.parse(json)).toEqual(value)
  }
})

test("Enter resolves; the end of the input settles nothing; an abort rejects; nobody listens afterwards", async () => {
  const typed = new PassThrough()
  typed.write("\n")
  await waitForEnter(typed, new AbortController().signal)
  expect(typed.listenerCount("data")).toBe(0)

  const ended = new PassThrough()
  const settled: string[] = []
  const controller = new AbortController()
  const waiting = waitForEnter(ended, controller.signal).then(
    () => settled.push("resolved"),
    () => settled.push("rejected"),
  )
  ended.end()
  await new Promise((resolve) => ended.once("close", resolve))
  expect(settled).toEqual([])
  expect(ended.listenerCount("data")).toBe(0)
  void waiting

  const aborted = new PassThrough()
  const rejection = expect(waitForEnter(aborted, controller.signal)).rejects.toThrow()
  controller.abort()
  await rejection
  expect(aborted.listenerCount("data")).toBe(0)
})
