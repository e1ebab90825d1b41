import { execFile } from "node:child_process"
import { randomInt } from "node:crypto"
import { promisify } from "node:util"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterEach, expect, inject, test, vi } from "vitest"
import { type ApiVerifier, createVerifier } from "./create-verifier.ts"
import { openStore } from "./store/open.ts"
import { createTokenService } from "./token-service.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const closing of open.splice(0)) await closing.close()
})

async function until(isSo: () => boolean | Promise<boolean>) {
  for (let asked = 0; asked < 1_000; asked++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error("it did not come to be so")
}

async function openOnRedis() {
  const redisUrl = `${inject("redisUrl")}/${randomInt(64)}`
  const tokens = createTokenService({ store: await openStore({ sqlitePath: "", redisUrl }) })
  const verifier = await createVerifier({ redis: redisUrl })
  open.push(verifier, tokens)
  const issue = async () => {
    const request = { ...ALCHEMY_GRANT, accountId: "ann", device: {}, expiresInSeconds: 600 }
    return (await tokens.createSession(request)).token
  }
  return { tokens, verifier, issue }
}

async function hold(verifier: ApiVerifier, token: string) {
  await until(async () => {
    expect(await verifier.verify(token)).toMatchObject({ accountId: "ann" })
    return verifier.verifyHeld(token) !== undefined
  })
}

test("S46 over Redis: what is held is refused in the first call begun after the sign-out", async () => {
  const { tokens, verifier, issue } = await openOnRedis()
  for (let round = 0; round < 200; round++) {
    const token = await issue()
    await hold(verifier, token)
    await tokens.revoke(token)
    expect(verifier.verifyHeld(token) ?? null).toBeNull()
    expect(await verifier.verify(token)).toBeNull()
  }
  expect(verifier.isCurrent()).toBe(true)
  expect(verifier.stats()).toMatchObject({ following: true, restarts: 0, heldSessions: 0 })
})

test("it follows from the first token that it has to read, and leaves when it is closed", async () => {
  const { tokens, verifier, issue } = await openOnRedis()
  const before = (await tokens.relay.followers()).size
  await verifier.verify("junk")
  expect(verifier.stats().following).toBe(false)
  await hold(verifier, await issue())
  expect((await tokens.relay.followers()).size).toBe(before + 1)
  await verifier.close()
  expect((await tokens.relay.followers()).size).toBe(before)
})

test("over HTTP nothing is asked until there is a token, and options that cannot be used are refused", async () => {
  const fetch = vi.fn<typeof globalThis.fetch>()
  const options = { issuer: "https://auth.example.com", clientId: "notes-api", clientSecret: "secret", fetch }
  open.push(await createVerifier(options))
  expect(fetch).not.toHaveBeenCalled()
  await expect(createVerifier({ ...options, issuer: "http://auth.example.com" })).rejects.toBeInstanceOf(
    TypeError,
  )
  await expect(createVerifier({ ...options, clientSecret: "" })).rejects.toBeInstanceOf(TypeError)
})

test("the same trouble is told once in ten seconds, though renewals fail ten times a second", async () => {
  const token = (await (await openOnRedis()).issue()) as string
  let ms = 0
  let answer = 503
  const onError = vi.fn<(error: Error) => void>()
  const verifier = await createVerifier({
    issuer: "https://auth.example.com",
    clientId: "notes-api",
    clientSecret: "secret",
    fetch: async () => new Response("{}", { status: answer }),
    monotonic: () => ms,
    onError,
  })
  open.push(verifier)
  const renewals = async () => {
    const { unavailable } = verifier.stats().verifications
    await verifier.verify(token).catch(() => {})
    expect(verifier.stats().verifications.unavailable).toBe(unavailable + 1)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  await renewals()
  expect(onError).toHaveBeenCalledTimes(1)
  expect(onError.mock.calls[0]?.[0].message).toContain("answered 503")
  answer = 401
  await renewals()
  expect(onError).toHaveBeenCalledTimes(2)
  expect(onError.mock.calls[1]?.[0].message).toContain("refuses the credentials")
  ms = 10_000
  await renewals()
  expect(onError).toHaveBeenCalledTimes(3)
})

test("over HTTP the client of Redis is not loaded, nor SQLite", async () => {
  const program = `
    import { registerHooks } from "node:module"
    const loaded = []
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
    const { createVerifier } = await import("@authchemy/tokens")
    const verifier = await createVerifier({ issuer: "https://auth.example.com", clientId: "a", clientSecret: "b" })
    await verifier.verify("junk")
    await verifier.close()
    console.log(JSON.stringify(loaded))`
  const args = ["--conditions=authchemy-source", "--input-type=module", "--eval", program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  const loaded: string[] = JSON.parse(stdout)
  expect(loaded.some((url) => url.endsWith("/http/http-feed.ts"))).toBe(true)
  expect(loaded.filter((url) => /@redis|store\/redis|sqlite/.test(url))).toEqual([])
})
