import { randomBytes } from "node:crypto"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createTokenService, openStore, StoreUnavailableError, type TokenService } from "@authchemy/tokens"
import { createClient } from "@redis/client"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { STORES } from "../routes/testing.ts"
import { createOneTimeLinks } from "./one-time-links.ts"

const HOUR = 60 * 60 * 1000
const ADA = { accountId: "acc_1", email: "ada@example.com" }
const RESET = { ...ADA, passwordDigest: "d1gest" }

describe.each(STORES)("on %s", (_, storeOptions) => {
  const clock = { now: Date.parse("2026-11-23T22:05:00.000Z") }
  const now = () => clock.now
  const { redisUrl = null } = storeOptions() as { redisUrl?: string }
  let directory: string
  let tokens: TokenService
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-links-"))
    const store = await openStore({ sqlitePath: join(directory, "authchemy.db"), redisUrl })
    tokens = createTokenService({ store, now })
  })
  afterAll(async () => {
    await tokens.close()
    await rm(directory, { recursive: true, force: true })
  })
  const open = () => createOneTimeLinks({ tokens, randomBytes, now })

  test("a link is read any number of times, and redeemed once", async () => {
    const links = open()
    const token = await links.issue("verify-email", ADA, HOUR)
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(await links.read("verify-email", token)).toEqual(ADA)
    expect(await links.read("verify-email", token)).toEqual(ADA)
    expect(await links.redeem("verify-email", token)).toEqual(ADA)
    expect(await links.redeem("verify-email", token)).toBeNull()
    expect(await links.read("verify-email", token)).toBeNull()
  })

  test("of twenty that redeem a link at once, exactly one gets it", async () => {
    const links = open()
    const token = await links.issue("reset-password", RESET, HOUR)
    const results = await Promise.all(
      Array.from({ length: 20 }, () => open().redeem("reset-password", token)),
    )
    expect(results.filter((result) => result !== null)).toEqual([RESET])
  })

  test("a link of one purpose is nothing to another, and is not used up by it", async () => {
    const links = open()
    const token = await links.issue("verify-email", ADA, HOUR)
    expect(await links.read("reset-password", token)).toBeNull()
    expect(await links.redeem("reset-password", token)).toBeNull()
    expect(await links.redeem("verify-email", token)).toEqual(ADA)
  })

  test("a link ends with its lifetime", async () => {
    const links = open()
    const first = await links.issue("reset-password", RESET, HOUR)
    const second = await links.issue("reset-password", RESET, HOUR)
    clock.now += HOUR - 1
    expect(await links.redeem("reset-password", first)).toEqual(RESET)
    clock.now += 1
    expect(await links.read("reset-password", second)).toBeNull()
    expect(await links.redeem("reset-password", second)).toBeNull()
  })

  test("the other links of an account go on when one is used", async () => {
    const links = open()
    const [first, second] = [
      await links.issue("verify-email", ADA, HOUR),
      await links.issue("verify-email", ADA, HOUR),
    ]
    expect(first).not.toBe(second)
    expect(await links.redeem("verify-email", first)).toEqual(ADA)
    expect(await links.redeem("verify-email", second)).toEqual(ADA)
  })

  test("S45 a dump of the store holds no token of a link", async () => {
    const token = await open().issue("reset-password", RESET, HOUR)
    const dump = redisUrl === null ? await filesIn(directory) : await keysAndValuesOf(redisUrl)
    expect(dump).toContain(ADA.email)
    expect(dump).not.toContain(token)
    expect(dump).not.toContain(Buffer.from(token, "base64url").toString("latin1"))
  })
})

test.each(["", "short", "x".repeat(44), "x".repeat(1_000_000), `${"x".repeat(42)}\n`, `${"x".repeat(42)}=`])(
  "what no token looks like does not reach the store",
  async (token) => {
    const tokens = { keep: vi.fn(), recall: vi.fn(), take: vi.fn() }
    const links = createOneTimeLinks({ tokens, randomBytes, now: () => 0 })
    expect(await links.read("verify-email", token)).toBeNull()
    expect(await links.redeem("verify-email", token)).toBeNull()
    expect(tokens.recall).not.toHaveBeenCalled()
    expect(tokens.take).not.toHaveBeenCalled()
  },
)

const TOKEN = "x".repeat(43)

test("what another version of the server kept is no content", async () => {
  const kept = async () => JSON.stringify({ account: "acc_1" })
  const tokens = { keep: vi.fn(), recall: kept, take: kept }
  const links = createOneTimeLinks({ tokens, randomBytes, now: () => 0 })
  expect(await links.read("verify-email", TOKEN)).toBeNull()
  expect(await links.redeem("verify-email", TOKEN)).toBeNull()
})

test("a store out of reach is an error, never an answer", async () => {
  const fail = () => Promise.reject(new StoreUnavailableError(new Error("down")))
  const links = createOneTimeLinks({
    tokens: { keep: fail, recall: fail, take: fail },
    randomBytes,
    now: () => 0,
  })
  await expect(links.issue("verify-email", ADA, HOUR)).rejects.toMatchObject({ code: "store_unavailable" })
  await expect(links.read("verify-email", TOKEN)).rejects.toMatchObject({ code: "store_unavailable" })
  await expect(links.redeem("verify-email", TOKEN)).rejects.toMatchObject({ code: "store_unavailable" })
})

test("a token that was drawn before is not handed out", async () => {
  const tokens = { keep: async () => false, recall: vi.fn(), take: vi.fn() }
  const links = createOneTimeLinks({ tokens, randomBytes: (size) => new Uint8Array(size), now: () => 0 })
  await expect(links.issue("verify-email", ADA, HOUR)).rejects.toThrow(/not random/)
})

async function filesIn(directory: string): Promise<string> {
  const texts = await Promise.all(
    (await readdir(directory)).map((name) => readFile(join(directory, name), "latin1")),
  )
  return texts.join("\n")
}

async function keysAndValuesOf(url: string): Promise<string> {
  const client = createClient({ url })
  await client.connect()
  const texts: string[] = []
  for await (const keys of client.scanIterator()) {
    for (const key of keys) {
      const type = await client.type(key)
      if (type === "string") texts.push(key, (await client.get(key)) ?? "")
      else if (type === "hash") texts.push(key, JSON.stringify(await client.hGetAll(key)))
      else texts.push(key)
    }
  }
  await client.close()
  return texts.join("\n")
}
