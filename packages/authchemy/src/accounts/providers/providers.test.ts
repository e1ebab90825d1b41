import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import type { BrowserSession } from "../accounts.ts"
import { RIGHT_PASSWORD, requestWith, VISIT } from "../parts-testing.ts"
import { ADA, CALLBACK, type Journey, openJourney } from "./journey-testing.ts"
import { CLIENT_ID, openProviderUnderTest, type Person, type ProviderUnderTest } from "./testing.ts"

let acme: ProviderUnderTest
let journey: Journey

beforeAll(async () => {
  acme = await openProviderUnderTest({ redirectUri: CALLBACK })
})
afterAll(() => acme.close())

onEachDatabase((database) => {
  beforeEach(async () => {
    journey = await openJourney(database, acme)
  })
  afterEach(() => journey.under.close())

  const identities = () =>
    journey.under.database.selectFrom("provider_identity").selectAll().orderBy("account_id").execute()

  describe("signing in", () => {
    test("a new person gets an account, and is known by the subject from then on", async () => {
      const { outcome } = await journey.signIn()
      expect(journey.made).toMatchObject([{ email: "ada@example.com" }])
      const accountId = journey.made[0]?.id
      expect(outcome).toEqual({
        ok: true,
        step: "signed_in",
        setCookies: [
          `session=${accountId}`,
          expect.stringMatching(/^__Host-authchemy\.provider\.[\w-]+=; Max-Age=0/),
        ],
        returnTo: "/device",
      })
      expect(await identities()).toMatchObject([
        { provider_id: "acme", issuer: acme.issuer, subject: "ada-at-acme", account_id: accountId },
      ])
      const renamed = { ...ADA, email: "other@example.com", email_verified: false }
      expect((await journey.signIn(renamed)).outcome).toMatchObject({
        ok: true,
        setCookies: [`session=${accountId}`, expect.any(String)],
      })
      expect(journey.under.events.map(({ type, details }) => [type, details])).toEqual([
        ["provider.linked", { provider: "acme" }],
        ["sign_in.succeeded", { method: "provider", provider: "acme" }],
        ["sign_in.succeeded", { method: "provider", provider: "acme" }],
      ])
      expect(journey.under.notices).toEqual(["ada@example.com: provider_linked"])
    })

    test("what the provider is asked: code flow, PKCE, state, nonce; it is asked who it is once an hour", async () => {
      const begun = await journey.providers.begin("acme", { returnTo: "/", browser: null })
      const query = Object.fromEntries(new URL(begun?.url ?? "").searchParams)
      expect(query).toEqual({
        client_id: CLIENT_ID,
        response_type: "code",
        redirect_uri: CALLBACK,
        scope: "openid email profile",
        code_challenge_method: "S256",
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        state: expect.stringMatching(/^[\w-]{43}$/),
        nonce: expect.stringMatching(/^[\w-]{43}$/),
      })
      const metadata = "/.well-known/openid-configuration"
      await journey.signIn()
      expect(acme.asked[metadata]).toBe(1)
      journey.under.clock.now += 60 * 60_000
      await Promise.all([journey.signIn(), journey.signIn()])
      expect(acme.asked[metadata]).toBe(2)
      expect(await journey.providers.begin("other", { returnTo: "/", browser: null })).toBeNull()
      expect(await journey.providers.complete("other", requestWith([]), null, VISIT)).toMatchObject({
        ok: false,
      })
      expect(journey.providers.list).toEqual([{ id: "acme", name: "Acme" }])
    })

    test("a disabled account is refused", async () => {
      await journey.signIn()
      await journey.under.database.updateTable("user").set({ disabledAt: new Date().toISOString() }).execute()
      expect((await journey.signIn()).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/disabled/),
      })
    })

    test("S49 a provider that is removed while somebody signs in leaves no session", async () => {
      await journey.signIn()
      journey.between = async () =>
        void (await journey.under.database.deleteFrom("provider_identity").execute())
      expect((await journey.signIn()).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/was removed/),
      })
      expect(journey.under.endings).toEqual([`browsers of ${journey.made[0]?.id} except null`])
    })

    test("of several first answers at the same moment one makes the account, and all sign in to it", async () => {
      const outcomes = await Promise.all([journey.signIn(), journey.signIn(), journey.signIn()])
      expect(await identities()).toHaveLength(1)
      const owner = (await identities())[0]?.account_id
      const signedIn = outcomes.filter(({ outcome }) => outcome.ok)
      expect(signedIn.length).toBeGreaterThan(0)
      for (const { outcome } of signedIn)
        expect(outcome).toMatchObject({ setCookies: [`session=${owner}`, expect.any(String)] })
    })
  })

  describe("one email here and there", () => {
    const taken = "An account with this email is there already. Sign in to it and add Acme under Security."

    test("proved on both sides, they come together", async () => {
      const local = await journey.under.account("ada@example.com")
      expect((await journey.signIn()).outcome).toMatchObject({ ok: true })
      expect([await identities(), journey.made]).toMatchObject([[{ account_id: local.account.id }], []])
      expect(journey.under.notices).toEqual(["ada@example.com: provider_linked"])
    })

    test("not proved here: an account that somebody else made in advance stays theirs alone", async () => {
      await journey.under.account("ada@example.com", { verified: false })
      expect((await journey.signIn()).outcome).toMatchObject({ ok: false, message: taken })
      expect([await identities(), journey.made]).toEqual([[], []])
    })

    test.each<[string, Partial<Person>]>([
      ["not proved there", { email_verified: false }],
      ["said to be proved by a text", { email_verified: "true" }],
      ["that is none", { email: "ada" }],
    ])("%s: refused, the same whether there is an account or none", async (_what, change) => {
      const before = await journey.signIn({ ...ADA, ...change })
      await journey.under.account("ada@example.com")
      const after = await journey.signIn({ ...ADA, ...change })
      expect(before.outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/^Acme has not confirmed an email address/),
      })
      expect(after.outcome).toEqual(before.outcome)
      expect([await identities(), journey.made]).toEqual([[], []])
    })

    test("without any email: refused", async () => {
      expect((await journey.signIn({ sub: "nobody" })).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/has not confirmed/),
      })
    })

    test("a disabled account is not linked", async () => {
      await journey.under.account("ada@example.com", { disabled: true })
      expect((await journey.signIn()).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/disabled/),
      })
      expect(await identities()).toEqual([])
    })

    test("an email that has another owner at the provider by now opens nothing", async () => {
      await journey.under.account("ada@example.com")
      await journey.signIn()
      expect((await journey.signIn({ ...ADA, sub: "the next ada" })).outcome).toMatchObject({
        ok: false,
        message: taken,
      })
    })

    test("another issuer under the same id is another provider", async () => {
      await journey.signIn()
      await journey.under.database
        .updateTable("provider_identity")
        .set({ issuer: "https://before.example" })
        .execute()
      await journey.under.database.updateTable("user").set({ email: "moved@example.com" }).execute()
      await journey.signIn()
      expect(journey.made).toHaveLength(2)
    })
  })

  describe("new accounts", () => {
    test("are made where the sign-up policy allows", async () => {
      journey.open({ signUpPolicy: { kind: "closed" } })
      expect((await journey.signIn()).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/cannot be created here/),
      })
      journey.open({ signUpPolicy: { kind: "domains", domains: ["example.org"] } })
      expect((await journey.signIn()).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/at example\.org/),
      })
      expect(journey.made).toEqual([])
      journey.open({ signUpPolicy: { kind: "domains", domains: ["example.com"] } })
      expect((await journey.signIn()).outcome).toMatchObject({ ok: true })
    })

    test("are made for the operator's own directory in any case, and for nobody else of it", async () => {
      const settings = { emailDomains: ["example.com"] }
      journey.open({ settings, signUpPolicy: { kind: "closed" } })
      expect((await journey.signIn()).outcome).toMatchObject({ ok: true })
      await journey.under.account("boss@other.example")
      const boss = { sub: "boss", email: "boss@other.example", email_verified: true }
      expect((await journey.signIn(boss)).outcome).toMatchObject({
        ok: false,
        message: expect.stringMatching(/has not confirmed/),
      })
      const sub = { sub: "sub", email: "ada@sub.example.com", email_verified: true }
      expect((await journey.signIn(sub)).outcome).toMatchObject({ ok: false })
      expect(journey.made).toHaveLength(1)
    })
  })

  describe("linking to the account that is signed in", () => {
    let ada: BrowserSession
    beforeEach(async () => {
      ada = await journey.under.account("ada@home.example", { verified: false })
    })

    test("asks who it is, links whatever the email, tells by mail, and signs in from then on", async () => {
      expect(await journey.providers.confirmLinking(ada, { password: "wrong" }, VISIT)).toMatchObject({
        ok: false,
      })
      expect(await journey.providers.confirmLinking(ada, { password: RIGHT_PASSWORD }, VISIT)).toBeNull()
      const { outcome } = await journey.signIn(ADA, { linking: ada })
      expect(outcome).toEqual({
        ...{ ok: true, step: "signed_in", returnTo: "/device" },
        setCookies: [expect.stringMatching(/Max-Age=0/)],
      })
      expect(journey.under.events).toMatchObject([{ type: "provider.linked", accountId: ada.account.id }])
      expect(journey.under.notices).toEqual(["ada@home.example: provider_linked"])
      expect((await journey.signIn()).outcome).toMatchObject({
        ok: true,
        setCookies: [`session=${ada.account.id}`, expect.any(String)],
      })
      expect((await journey.signIn(ADA, { linking: ada })).outcome).toMatchObject({ ok: true })
      expect(journey.under.notices).toHaveLength(1)
    })

    test("S18 only in the browser session that began it", async () => {
      const grace = await journey.under.account("grace@example.com")
      for (const back of [null, grace, { ...ada, sessionId: "another" }]) {
        expect((await journey.signIn(ADA, { linking: ada, back })).outcome).toMatchObject({
          ok: false,
          returnTo: "/device",
        })
      }
      expect(await identities()).toEqual([])
    })

    test("what belongs to another account, and a second one of the same provider, are refused", async () => {
      await journey.signIn(ADA, { linking: ada })
      const grace = await journey.under.account("grace@example.com")
      expect((await journey.signIn(ADA, { linking: grace })).outcome).toMatchObject({
        message: expect.stringMatching(/belongs to another account/),
      })
      expect((await journey.signIn({ sub: "2" }, { linking: ada })).outcome).toMatchObject({
        message: expect.stringMatching(/is added already/),
      })
      expect(await identities()).toHaveLength(1)
    })

    test("S48 removing it ends what was signed in, before and after; the last way to sign in stays", async () => {
      await journey.signIn(ADA, { linking: ada })
      const form = { id: "acme", password: RIGHT_PASSWORD }
      const unlink = (browser: BrowserSession, change = {}) =>
        journey.providers.unlink(browser, { ...form, ...change }, VISIT)
      expect(await unlink(ada, { password: "wrong" })).toMatchObject({ field: "password" })
      expect(await unlink(ada, { id: "other" })).toMatchObject({
        ok: false,
        message: expect.stringMatching(/not there any more/),
      })
      const grace = await journey.under.account("grace@example.com", { password: false })
      expect(await unlink(grace)).toMatchObject({
        ok: false,
        message: expect.stringMatching(/not there any more/),
      })
      await journey.signIn({ sub: "grace" }, { linking: grace })
      expect(await unlink(grace)).toMatchObject({
        ok: false,
        message: expect.stringMatching(/only way to sign in/),
      })
      expect(journey.under.endings).toEqual([])
      expect(await unlink(ada)).toEqual({
        ok: true,
        setCookies: [`session=${ada.account.id}-anew`],
        endedSessions: 2,
      })
      expect(journey.under.endings).toEqual([`before ${ada.account.id}`, `after ${ada.account.id}`])
      expect(await identities()).toMatchObject([{ subject: "grace" }])
      expect(journey.under.events.at(-1)).toMatchObject({
        type: "provider.unlinked",
        details: { provider: "acme" },
      })
      expect(journey.under.notices.at(-1)).toBe("ada@home.example: provider_unlinked")
    })
  })
})
