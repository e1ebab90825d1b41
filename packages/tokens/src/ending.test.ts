import { expect, test } from "vitest"
import { createEnding } from "./ending.ts"
import type { TokenEvent } from "./events.ts"

const SESSION = { id: "session-id-16-ch", accountId: "ada", clientId: "alchemy-cli", device: {} }

/** An ending that notes what it does, in order; each announcement takes half a second. */
function noting(announced: () => Promise<void> = async () => {}) {
  const done: string[] = []
  const clock = { now: 0 }
  const ending = createEnding({
    observe: (event: TokenEvent) => done.push(`${event.type} ${event.type === "ended" ? event.reason : ""}`),
    announce: async (items) => {
      done.push(`announce ${items.join(" ")}`)
      clock.now += 500
      await announced()
    },
    monotonic: () => clock.now,
  })
  return { ending, done }
}

test("what ended is told, and then announced; the count is that of live sessions", async () => {
  const { ending, done } = noting()
  const revocation = { sessions: [SESSION, SESSION], items: ["t.1", "t.2", "t.3"], unsettled: false }
  expect(await ending.ended(revocation, "client_removed")).toBe(2)
  expect(done).toEqual(["ended client_removed", "announce t.1 t.2 t.3"])
  expect(ending.stats()).toEqual({ count: 1, seconds: 0.5, failed: 0 })
})

test("where nothing ended, nothing is told, and only what is unsettled is waited for", async () => {
  const { ending, done } = noting()
  expect(await ending.ended({ sessions: [], items: [], unsettled: false }, "revoked")).toBe(0)
  expect(done).toEqual([])
  expect(await ending.ended({ sessions: [], items: [], unsettled: true }, "revoked")).toBe(0)
  expect(await ending.ended({ sessions: [], items: ["t.1"], unsettled: false }, "revoked")).toBe(0)
  expect(done).toEqual(["announce ", "announce t.1"])
})

test("what cannot be announced has been told, and is counted as failed", async () => {
  const { ending, done } = noting(() => Promise.reject(new Error("out of reach")))
  const revocation = { sessions: [SESSION], items: ["t.1"], unsettled: false }
  await expect(ending.ended(revocation, "revoked")).rejects.toThrow("out of reach")
  expect(done).toEqual(["ended revoked", "announce t.1"])
  expect(ending.stats()).toEqual({ count: 0, seconds: 0, failed: 1 })
})
