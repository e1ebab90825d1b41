import { expect, test } from "vitest"
import { CLIError } from "../../errors.ts"
import { APP } from "../../testing-server.ts"
import { changeAsRead } from "./change-as-read.ts"

const conflict = () =>
  new CLIError("ADMIN_API_ERROR", "The app is no longer as it was read.", { status: 409 })

/** An app that something else changes `times` times just before this does. */
function contended(times: number, tags = true) {
  const pauses: number[] = []
  const sent: (string | null)[] = []
  let reads = 0
  const client = { getTaggedApp: async () => ({ app: APP, tag: tags ? `"${reads++}"` : null }) }
  const change = async (_app: unknown, tag: string | null) => {
    sent.push(tag)
    if (sent.length <= times) throw conflict()
    return "changed"
  }
  const context = {
    signal: new AbortController().signal,
    randomBytes: (size: number) => new Uint8Array(size).fill(0xff),
    delay: async (milliseconds: number) => {
      pauses.push(Math.round(milliseconds))
    },
  }
  return { run: () => changeAsRead(client, "app_1", change, context), pauses, sent }
}

test("nobody in between: once, without a pause", async () => {
  const { run, pauses, sent } = contended(0)
  expect(await run()).toBe("changed")
  expect({ pauses, sent }).toEqual({ pauses: [], sent: ['"0"'] })
})

test("something in between: read again and tried again, five times at most, with pauses that grow", async () => {
  const { run, pauses, sent } = contended(5)
  expect(await run()).toBe("changed")
  expect(pauses).toEqual([50, 100, 200, 400, 800])
  expect(sent).toEqual(['"0"', '"1"', '"2"', '"3"', '"4"', '"5"'])
})

test("something in between again and again: an error that says so, and that it may be tried again", async () => {
  const { run, sent } = contended(6)
  await expect(run()).rejects.toMatchObject({
    code: "ADMIN_API_ERROR",
    status: 409,
    retryable: true,
    message: "Something else changes this app again and again.",
  })
  expect(sent).toHaveLength(6)
})

test("a server without tags: no condition, and a 409 of its own is not tried again", async () => {
  const { run, pauses, sent } = contended(1, false)
  await expect(run()).rejects.toMatchObject({ status: 409, retryable: false })
  expect({ pauses, sent }).toEqual({ pauses: [], sent: [null] })
})

test("another error is not tried again", async () => {
  const { pauses } = contended(0)
  const refused = new CLIError("ADMIN_API_ERROR", "No.", { status: 400 })
  const client = { getTaggedApp: async () => ({ app: APP, tag: '"a"' }) }
  const context = { signal: new AbortController().signal, randomBytes: () => new Uint8Array(2) }
  await expect(changeAsRead(client, "app_1", () => Promise.reject(refused), context)).rejects.toBe(refused)
  expect(pauses).toEqual([])
})
