import { join } from "node:path"
import { expect, test, vi } from "vitest"
import { withFileLock } from "./credentials/file-lock.ts"
import { temporaryFolder } from "./testing.ts"
import { withAuthRetry } from "./with-auth-retry.ts"

class Unauthorized extends Error {}

async function machine(initial: string | null) {
  const path = join(await temporaryFolder(), "sign-in.lock")
  let stored = initial
  const signIn = vi.fn(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    stored = `token-${signIn.mock.calls.length}`
    return stored
  })
  const options = {
    token: initial ?? "",
    loadToken: async () => stored,
    signIn,
    isUnauthorized: (error: unknown) => error instanceof Unauthorized,
    lock: <R>(work: () => Promise<R>) => withFileLock(path, { waitMs: 20_000 }, work),
  }
  return { options, signIn }
}

const refusing = (bad: string) => async (token: string) => {
  if (token === bad) throw new Unauthorized()
  return `done with ${token}`
}

test("a token that is good is used as it is", async () => {
  const { options, signIn } = await machine("old")
  expect(await withAuthRetry(options, refusing("none"))).toBe("done with old")
  expect(signIn).not.toHaveBeenCalled()
})

test("one sign-in, one retry", async () => {
  const { options, signIn } = await machine("old")
  expect(await withAuthRetry(options, refusing("old"))).toBe("done with token-1")
  expect(signIn).toHaveBeenCalledOnce()
})

test("a token that is refused again after signing in is final", async () => {
  const { options, signIn } = await machine("old")
  const call = vi.fn(() => Promise.reject(new Unauthorized()))
  await expect(withAuthRetry(options, call)).rejects.toBeInstanceOf(Unauthorized)
  expect(signIn).toHaveBeenCalledOnce()
  expect(call.mock.calls).toEqual([["old"], ["token-1"]])
})

test("another error is passed on untouched", async () => {
  const { options, signIn } = await machine("old")
  const error = new Error("404")
  await expect(withAuthRetry(options, () => Promise.reject(error))).rejects.toBe(error)
  expect(signIn).not.toHaveBeenCalled()
})

test("nothing stored any more: signs in", async () => {
  const { options, signIn } = await machine("old")
  expect(await withAuthRetry({ ...options, loadToken: async () => null }, refusing("old"))).toBe(
    "done with token-1",
  )
  expect(signIn).toHaveBeenCalledOnce()
})

test("ten at once that are refused sign in once", async () => {
  const { options, signIn } = await machine("old")
  const results = await Promise.all(Array.from({ length: 10 }, () => withAuthRetry(options, refusing("old"))))
  expect(results).toEqual(Array(10).fill("done with token-1"))
  expect(signIn).toHaveBeenCalledOnce()
})
