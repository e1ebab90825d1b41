import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import { ProviderUnavailableError } from "../built-in.ts"
import { requestWith, VISIT } from "../parts-testing.ts"
import { ADA, bending, CALLBACK, type Journey, openJourney } from "./journey-testing.ts"
import { CLIENT_SECRET, openProviderUnderTest, type ProviderUnderTest } from "./testing.ts"

let acme: ProviderUnderTest
let journey: Journey

beforeAll(async () => {
  acme = await openProviderUnderTest({ redirectUri: CALLBACK })
})
afterAll(() => acme.close())

const untrusted = { ok: false, message: expect.stringMatching(/^The answer of Acme cannot be trusted/) }
const over = { ok: false, message: expect.stringMatching(/^The sign-in with Acme took too long/) }

onEachDatabase((database) => {
  beforeEach(async () => {
    journey = await openJourney(database, acme)
  })
  afterEach(async () => {
    // Whatever came: nobody's account, and no secret in the log.
    expect(journey.under.log.join()).not.toContain(CLIENT_SECRET)
    await journey.under.close()
  })
  const nothingHappened = async () => {
    expect(journey.made).toEqual([])
    expect(await journey.under.database.selectFrom("provider_identity").selectAll().execute()).toEqual([])
    expect(journey.under.events.filter(({ type }) => type !== "sign_in.failed")).toEqual([])
  }

  describe("an answer that is not for this browser", () => {
    test("S18 in a browser that did not begin", async () => {
      const { outcome } = await journey.signIn(ADA, { cookies: () => [] })
      expect(outcome).toMatchObject({ ...over, returnTo: "/" })
      await nothingHappened()
    })

    test("with another state, or none: refused, and the right one still works", async () => {
      for (const state of ["other", ""]) {
        const { outcome } = await journey.signIn(ADA, { home: (url) => url.searchParams.set("state", state) })
        expect(outcome).toMatchObject(over)
      }
      await nothingHappened()
      const begun = await journey.providers.begin("acme", { returnTo: "/", browser: null })
      const home = new URL(await acme.visit(begun?.url ?? ""))
      const wrong = new URL(home)
      wrong.searchParams.set("state", "other")
      const complete = (url: URL) =>
        journey.providers.complete("acme", requestWith(begun?.setCookies ?? [], url.href), null, VISIT)
      expect(await complete(wrong)).toMatchObject(over)
      expect(await complete(home)).toMatchObject({ ok: true })
    })

    test("S21 again, or several times at once: one signs in", async () => {
      const { outcome, request } = await journey.signIn()
      expect(outcome).toMatchObject({ ok: true })
      expect(await journey.providers.complete("acme", request, null, VISIT)).toMatchObject(over)
      const begun = await journey.providers.begin("acme", { returnTo: "/", browser: null })
      const again = requestWith(begun?.setCookies ?? [], await acme.visit(begun?.url ?? ""))
      const all = await Promise.all(
        Array.from({ length: 5 }, () => journey.providers.complete("acme", again, null, VISIT)),
      )
      expect(all.filter(({ ok }) => ok)).toHaveLength(1)
    })

    test("after ten minutes", async () => {
      const { outcome } = await journey.signIn(ADA, {
        home: () => {
          journey.under.clock.now += 10 * 60_000
        },
      })
      expect(outcome).toMatchObject(over)
    })

    test("S25 somebody else's code in this browser's answer", async () => {
      const others = await journey.providers.begin("acme", { returnTo: "/", browser: null })
      const code = new URL(await acme.visit(others?.url ?? "")).searchParams.get("code") ?? ""
      const { outcome } = await journey.signIn(ADA, { home: (url) => url.searchParams.set("code", code) })
      expect(outcome).toMatchObject({ ...untrusted, returnTo: "/device" })
      await nothingHappened()
    })

    test("two tabs go to the provider beside each other", async () => {
      const [first, second] = [
        await journey.providers.begin("acme", { returnTo: "/1", browser: null }),
        await journey.providers.begin("acme", { returnTo: "/2", browser: null }),
      ]
      const cookies = [...(first?.setCookies ?? []), ...(second?.setCookies ?? [])]
      for (const [begun, returnTo] of [
        [first, "/1"],
        [second, "/2"],
      ] as const) {
        const request = requestWith(cookies, await acme.visit(begun?.url ?? ""))
        expect(await journey.providers.complete("acme", request, null, VISIT)).toMatchObject({
          ok: true,
          returnTo,
        })
      }
    })
  })

  describe("an answer that is not the provider's", () => {
    test("S12 of another issuer, or of none", async () => {
      const another = await journey.signIn(ADA, {
        home: (url) => url.searchParams.set("iss", "https://evil.example"),
      })
      expect(another.outcome).toMatchObject(untrusted)
      const none = await journey.signIn(ADA, { home: (url) => url.searchParams.delete("iss") })
      expect(none.outcome).toMatchObject(untrusted)
      expect(acme.asked["/token"]).toBeUndefined()
      await nothingHappened()
    })

    test("with another nonce, or without one", async () => {
      const another = await journey.signIn(ADA, { there: (url) => url.searchParams.set("nonce", "other") })
      expect(another.outcome).toMatchObject(untrusted)
      const none = await journey.signIn(ADA, { there: (url) => url.searchParams.delete("nonce") })
      expect(none.outcome).toMatchObject(untrusted)
      await nothingHappened()
    })

    test("signed with another key", async () => {
      const { publicKey } = await generateKeyPair("RS256", { extractable: true })
      const key = { ...(await exportJWK(publicKey)), kid: "test", alg: "RS256", use: "sig" }
      journey.open({ fetch: bending(/\/jwks$/, () => Response.json({ keys: [key] })) })
      expect((await journey.signIn()).outcome).toMatchObject(untrusted)
      await nothingHappened()
    })

    test.each<[string, (claims: Record<string, unknown>) => void]>([
      ["for another client", (claims) => Object.assign(claims, { aud: "another" })],
      ["of another issuer", (claims) => Object.assign(claims, { iss: "https://evil.example" })],
      ["that is over", (claims) => Object.assign(claims, { exp: Math.floor(Date.now() / 1000) - 3600 })],
      ["without a subject", (claims) => void delete claims.sub],
    ])("an ID token %s", async (_what, change) => {
      const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true })
      const key = { ...(await exportJWK(publicKey)), kid: "mine", alg: "RS256", use: "sig" }
      const resign = async (response: Response) => {
        const body: Record<string, unknown> = JSON.parse(await response.text())
        const [, payload = ""] = String(body.id_token).split(".")
        const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload, "base64url").toString())
        change(claims)
        const token = await new SignJWT(claims)
          .setProtectedHeader({ alg: "RS256", kid: "mine" })
          .sign(privateKey)
        return Response.json({ ...body, id_token: token })
      }
      const keys = bending(/\/jwks$/, () => Response.json({ keys: [key] }))
      journey.open({
        fetch: async (input, init) =>
          String(input).endsWith("/token") ? resign(await fetch(input, init)) : keys(input, init),
      })
      expect((await journey.signIn()).outcome).toMatchObject(untrusted)
      await nothingHappened()
    })

    test("userinfo about somebody else", async () => {
      const other = { ...ADA, sub: "other" }
      journey.open({ fetch: bending(/\/me$/, () => Response.json(other)) })
      expect((await journey.signIn()).outcome).toMatchObject(untrusted)
      await nothingHappened()
    })

    test("metadata of another issuer", async () => {
      const bend = async (response: Response) => {
        const metadata: object = JSON.parse(await response.text())
        return Response.json({ ...metadata, issuer: "https://evil.example" })
      }
      journey.open({ fetch: bending(/openid-configuration$/, bend) })
      await expect(journey.signIn()).rejects.toBeInstanceOf(ProviderUnavailableError)
    })
  })

  describe("a no", () => {
    test("of the person is calm", async () => {
      const { outcome } = await journey.signIn({ error: "access_denied" })
      expect(outcome).toEqual({
        ...{ ok: false, field: "form", returnTo: "/device" },
        message: "The sign-in with Acme was declined. Try again, or sign in another way.",
      })
      expect(journey.under.log).toEqual([])
      expect(journey.under.events).toMatchObject([
        { type: "sign_in.failed", details: { reason: "declined" } },
      ])
    })

    test.each([
      ["login_required", false],
      ["server_error", true],
      ["temporarily_unavailable", true],
      ["unauthorized_client", true],
    ])("of the provider: %s; out of order: %s", async (error, outOfOrder) => {
      const answered = journey.signIn({ error })
      if (outOfOrder) await expect(answered).rejects.toBeInstanceOf(ProviderUnavailableError)
      else expect((await answered).outcome).toMatchObject(untrusted)
      expect(journey.under.log.join()).toContain(error)
    })

    test("to this server's own secret is a line in the log that says so", async () => {
      const clientSecret = "a wrong secret"
      journey.open({ settings: { clientSecret } })
      await expect(journey.signIn()).rejects.toBeInstanceOf(ProviderUnavailableError)
      expect(journey.under.log.join()).toContain("invalid_client")
      expect(journey.under.log.join()).not.toContain(clientSecret)
      await nothingHappened()
    })
  })
})

test.each([
  ["client_secret_basic", true],
  ["client_secret_post", false],
] as const)("%s, with the email in the ID token: %s", async (authMethod, emailInIdToken) => {
  const own = await openProviderUnderTest({ redirectUri: CALLBACK, authMethod, emailInIdToken })
  const alone = await openJourney(
    { name: "SQLite", create: async (directory) => `${directory}/authchemy.db`, env: async () => ({}) },
    own,
  )
  try {
    expect((await alone.signIn()).outcome).toMatchObject({ ok: true })
    expect(alone.made).toMatchObject([{ email: "ada@example.com" }])
    expect(own.asked["/me"]).toBe(emailInIdToken ? undefined : 1)
  } finally {
    await alone.under.close()
    await own.close()
  }
})
