import { setImmediate as turn } from "node:timers/promises"
import { expect, test, vi } from "vitest"
import { createBackground } from "./background.ts"

test("work begins after the call that asked for it, and is waited for where somebody asks", async () => {
  const background = createBackground({ warn: vi.fn() })
  const done: string[] = []
  background.begin("the first", async () => {
    await turn()
    done.push("first")
    background.begin("another", async () => void done.push("another"))
  })
  await Promise.resolve()
  expect(done).toEqual([])
  await background.settled()
  expect(done).toEqual(["first", "another"])
  await background.settled()
})

test("a failure is a log line", async () => {
  const warn = vi.fn()
  const background = createBackground({ warn })
  const fault = new Error("silent")
  background.begin("sending", () => Promise.reject(fault))
  await background.settled()
  expect(warn).toHaveBeenCalledExactlyOnceWith({ err: fault }, "sending failed")
})
