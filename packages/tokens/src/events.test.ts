import { expect, test, vi } from "vitest"
import { approvalIdOf, type TokenEvent, unbreakable } from "./events.ts"

const EVENT: TokenEvent = { type: "denied", accountId: "ada", clientId: "alchemy-cli", device: {} }

test("a listener is called before the call goes on", () => {
  const heard: TokenEvent[] = []
  unbreakable((event) => heard.push(event))(EVENT)
  expect(heard).toEqual([EVENT])
})

test.each([
  [
    "an error that is thrown",
    () => {
      throw new Error("no")
    },
  ],
  ["an error of a promise", () => Promise.reject(new Error("no"))],
])("%s is reported, and nothing else", async (_what, listener: () => void) => {
  const errors: Error[] = []
  unbreakable(listener, (error) => errors.push(error))(EVENT)
  await vi.waitFor(() => expect(errors).toEqual([new Error("no")]))
})

test("what is thrown and is no error is reported as the cause of one; without anybody to report to it is dropped", () => {
  const errors: Error[] = []
  const listener = () => {
    throw "no"
  }
  unbreakable(listener, (error) => errors.push(error))(EVENT)
  unbreakable(listener)(EVENT)
  expect(errors).toEqual([new Error("a listener failed", { cause: "no" })])
  expect(errors[0]?.cause).toBe("no")
})

test("an approval is named by 96 bits of its digest", () => {
  expect(approvalIdOf("A".repeat(20) + "B".repeat(23))).toBe("A".repeat(16))
})
