import { createTokenService, openStore } from "@authchemy/tokens"
import * as v from "valibot"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type BoundCookies, createBoundCookies } from "./bound-cookie.ts"
import { requestWith } from "./parts-testing.ts"

const MINUTE = 60_000
let clock: number
let tokens: ReturnType<typeof createTokenService>
let kept: Map<string, string>
let cookies: BoundCookies<{ what: string }>

const open = (change: { issuer?: string; secret?: string; purpose?: string } = {}) =>
  createBoundCookies({
    tokens: {
      keep: (name, text, expiresAt) => {
        kept.set(name, text)
        return tokens.keep(name, text, expiresAt)
      },
      take: (name) => tokens.take(name),
    },
    issuer: "https://auth.example.com",
    secret: "s".repeat(32),
    purpose: "test",
    schema: v.object({ what: v.string() }),
    lifetimeMs: 5 * MINUTE,
    now: () => clock,
    ...change,
  })

beforeEach(async () => {
  clock = Date.parse("2026-11-23T22:05:00.000Z")
  kept = new Map()
  const store = await openStore({ sqlitePath: ":memory:", redisUrl: null })
  tokens = createTokenService({ store, now: () => clock })
  cookies = open()
})
afterEach(() => tokens.close())

test("an attempt comes back once, and its cookie is taken away", async () => {
  const cookie = await cookies.begin({ what: "this" })
  const request = requestWith([cookie])
  const taken = await Promise.all([cookies.take(request), cookies.take(request), cookies.take(request)])
  expect(taken.filter((one) => one !== null)).toEqual([
    { content: { what: "this" }, clearCookie: expect.stringMatching(/^__Host-authchemy\.test=; Max-Age=0;/) },
  ])
  expect(await cookies.take(request)).toBeNull()
})

test("the cookie is out of reach of scripts, other sites and neighbouring domains", async () => {
  expect(await cookies.begin({ what: "this" })).toMatch(
    /^__Host-authchemy\.test=[\w-]{43}; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const local = open({ issuer: "http://localhost:4000" })
  expect(await local.begin({ what: "this" })).toMatch(
    /^authchemy\.test=[^;]+; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/,
  )
})

test("it is over after its time", async () => {
  const [first, second] = [await cookies.begin({ what: "1" }), await cookies.begin({ what: "2" })]
  clock += 5 * MINUTE - 1
  expect(await cookies.take(requestWith([first]))).not.toBeNull()
  clock += 1
  expect(await cookies.take(requestWith([second]))).toBeNull()
})

test("another purpose, another part, another server's secret: nothing", async () => {
  const cookie = await cookies.begin({ what: "this" }, "a")
  expect(await open({ purpose: "other" }).take(requestWith([cookie]), "a")).toBeNull()
  expect(await cookies.take(requestWith([cookie]), "b")).toBeNull()
  expect(await cookies.take(requestWith([cookie]))).toBeNull()
  // The value under another part's name leads nowhere.
  const other = await cookies.begin({ what: "other" }, "b")
  const swapped = `${other.split("=")[0]}=${cookie.split("=")[1]}`
  expect(await cookies.take(requestWith([swapped]), "b")).toBeNull()
  expect(await cookies.take(requestWith([cookie]), "a")).toMatchObject({ content: { what: "this" } })
  const later = await cookies.begin({ what: "this" })
  expect(await open({ secret: "t".repeat(32) }).take(requestWith([later]))).toBeNull()
})

test("several parts are under way beside each other", async () => {
  const both = [await cookies.begin({ what: "1" }, "a"), await cookies.begin({ what: "2" }, "b")]
  expect(await cookies.take(requestWith(both), "b")).toMatchObject({ content: { what: "2" } })
  expect(await cookies.take(requestWith(both), "a")).toMatchObject({ content: { what: "1" } })
})

test("S45 what is kept tells nothing to whoever has neither the cookie nor the secret", async () => {
  await cookies.begin({ what: "the verifier" })
  const [text = ""] = kept.values()
  expect(Buffer.from(text, "base64url").toString("latin1")).not.toContain("verifier")
})

test.each(["", "x", `${"a".repeat(44)}`, "%00", "a".repeat(10_000)])(
  "a cookie of %j is none",
  async (value) => {
    expect(await cookies.take(requestWith([`__Host-authchemy.test=${value}`]))).toBeNull()
  },
)
