import { generateKeyPairSync } from "node:crypto"
import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../../database/testing.ts"
import type { BrowserSession } from "../accounts.ts"
import type { Passkeys } from "../built-in.ts"
import {
  openPartsUnderTest,
  type PartsUnderTest,
  RIGHT_PASSWORD,
  requestWith,
  VISIT,
} from "../parts-testing.ts"
import { createPasskeys } from "./passkeys.ts"
import { type Authenticator, bytes, type Change, createAuthenticator, list, map, text } from "./testing.ts"

const PARTY = { origin: "https://auth.example.com", rpId: "auth.example.com" }
const ACME = { id: "acme", name: "Acme", issuer: "https://acme.example" }

let under: PartsUnderTest
let passkeys: Passkeys
let ada: BrowserSession
let key: Authenticator
let between: () => Promise<void>

onEachDatabase((database) => {
  beforeEach(async () => {
    between = async () => {}
    under = await openPartsUnderTest(database, { between: () => between() })
    passkeys = createPasskeys(under.parts, { siteName: "Example", providers: [ACME] })
    ada = await under.account("ada@example.com")
    key = createAuthenticator(PARTY)
  })
  afterEach(() => under.close())

  async function register(authenticator = key, change: Change = {}, browser = ada, name = "Laptop") {
    const { options, setCookies } = await passkeys.registrationOptions(browser)
    const credential = authenticator.create(options, change)
    const form = { credential, name, password: RIGHT_PASSWORD }
    return passkeys.register(browser, form, requestWith(setCookies), VISIT)
  }
  async function signIn(authenticator = key, change: Change = {}, visit = VISIT) {
    const { options, setCookies } = await passkeys.signInOptions()
    const form = { credential: authenticator.get(options, change) }
    return passkeys.signIn(form, requestWith(setCookies), visit)
  }
  const rows = () => under.database.selectFrom("passkey").selectAll().orderBy("created_at").execute()

  test("a passkey is added, told of by mail, and signs in without an email", async () => {
    expect(await register()).toEqual({ ok: true, setCookies: [expect.stringMatching(/Max-Age=0/)] })
    expect(await rows()).toMatchObject([
      {
        id: key.id,
        account_id: ada.account.id,
        name: "Laptop",
        transports: '["internal"]',
        last_used_at: null,
      },
    ])
    expect(under.notices).toEqual(["ada@example.com: passkey_added"])
    expect(await signIn()).toEqual({
      ok: true,
      step: "signed_in",
      setCookies: [`session=${ada.account.id}`, expect.stringMatching(/Max-Age=0/)],
    })
    expect((await rows())[0]?.last_used_at).toBe("2026-11-23T22:05:00.000Z")
    expect(under.events).toEqual([
      { type: "passkey.added", accountId: ada.account.id, details: { name: "Laptop" } },
      {
        type: "sign_in.succeeded",
        accountId: ada.account.id,
        details: { method: "passkey", name: "Laptop" },
      },
    ])
  })

  test("what the authenticator is asked for: a discoverable credential, verification of the person, no attestation", async () => {
    const { options } = await passkeys.registrationOptions(ada)
    expect(options).toMatchObject({
      rp: { name: "Example", id: "auth.example.com" },
      user: { name: "ada@example.com", displayName: "Ada", id: expect.stringMatching(/^[\w-]{43}$/) },
      attestation: "none",
      excludeCredentials: [],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    })
    await register()
    const [passkey] = await rows()
    const { options: again } = await passkeys.registrationOptions(ada)
    expect(again).toMatchObject({ user: { id: passkey?.user_handle }, excludeCredentials: [{ id: key.id }] })
    const { options: request } = await passkeys.signInOptions()
    expect(request).toMatchObject({ rpId: "auth.example.com", userVerification: "required" })
    expect("allowCredentials" in request && request.allowCredentials).toBeFalsy()
  })

  test("registering asks who it is; a wrong password leaves the attempt for the next try", async () => {
    const { options, setCookies } = await passkeys.registrationOptions(ada)
    const form = { credential: key.create(options), name: "", password: "wrong" }
    expect(await passkeys.register(ada, form, requestWith(setCookies), VISIT)).toMatchObject({
      field: "password",
    })
    const right = { ...form, password: RIGHT_PASSWORD }
    expect(await passkeys.register(ada, right, requestWith(setCookies), VISIT)).toMatchObject({ ok: true })
    expect(await rows()).toMatchObject([{ name: "Passkey" }])
  })

  test.each<[string, Change]>([
    ["another origin", { origin: "https://evil.example" }],
    ["another host", { rpId: "evil.example" }],
    ["another challenge", { challenge: "YWJj" }],
    ["an answer to another question", { type: "webauthn.get" }],
    ["no verification of the person", { userVerified: false }],
    ["certificates", { format: "packed", statement: map([[text("x5c"), list([bytes(Buffer.of(1))])]]) }],
    ["an attestation of another kind", { format: "fido-u2f" }],
  ])("a new passkey with %s is refused", async (_what, change) => {
    expect(await register(key, change)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/nothing has changed/),
    })
    expect(await rows()).toEqual([])
    expect(under.notices).toEqual([])
  })

  test("S18 a registration that another browser, or another person, has begun is refused", async () => {
    const { options, setCookies } = await passkeys.registrationOptions(ada)
    const form = { credential: key.create(options), name: "", password: RIGHT_PASSWORD }
    const elsewhere = { ...ada, sessionId: "another browser" }
    expect(await passkeys.register(elsewhere, form, requestWith(setCookies), VISIT)).toMatchObject({
      ok: false,
    })
    expect(await passkeys.register(ada, form, requestWith([]), VISIT)).toMatchObject({ ok: false })
    expect(await rows()).toEqual([])
  })

  test("a passkey is somebody's once; an account has twenty at most", async () => {
    await register()
    const grace = await under.account("grace@example.com")
    expect(await register(key, {}, grace)).toMatchObject({ message: "This passkey is there already." })
    for (let more = 1; more < 20; more++)
      expect(await register(createAuthenticator(PARTY))).toMatchObject({ ok: true })
    expect(await register(createAuthenticator(PARTY))).toMatchObject({
      ok: false,
      message: expect.stringMatching(/at most 20 passkeys/),
    })
    expect(await rows()).toHaveLength(20)
  })

  test.each<[string, Change, string]>([
    ["another origin", { origin: "https://evil.example" }, "not_verified"],
    ["another host", { rpId: "evil.example" }, "not_verified"],
    ["another challenge", { challenge: "YWJj" }, "not_verified"],
    ["an answer to another question", { type: "webauthn.create" }, "not_verified"],
    ["no verification of the person", { userVerified: false }, "not_verified"],
    [
      "another key's signature",
      { signedBy: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey },
      "not_verified",
    ],
    ["somebody else's user handle", { userHandle: "AAAA" }, "unknown_passkey"],
    ["no user handle", { userHandle: "" }, "malformed"],
  ])("signing in with %s is refused", async (_what, change, reason) => {
    await register()
    expect(await signIn(key, change)).toMatchObject({ ok: false, field: "form" })
    expect(under.events.at(-1)).toMatchObject({
      type: "sign_in.failed",
      details: { method: "passkey", reason },
    })
  })

  test("S22 an answer is good once, in the browser that began, for five minutes", async () => {
    await register()
    const { options, setCookies } = await passkeys.signInOptions()
    const form = { credential: key.get(options) }
    expect(await passkeys.signIn(form, requestWith([]), VISIT)).toMatchObject({ ok: false })
    const other = await passkeys.signInOptions()
    expect(await passkeys.signIn(form, requestWith(other.setCookies), VISIT)).toMatchObject({ ok: false })
    const all = await Promise.all(
      Array.from({ length: 5 }, () => passkeys.signIn(form, requestWith(setCookies), VISIT)),
    )
    expect(all.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await passkeys.signIn(form, requestWith(setCookies), VISIT)).toMatchObject({ ok: false })
    const late = await passkeys.signInOptions()
    const answer = { credential: key.get(late.options) }
    under.clock.now += 5 * 60_000
    expect(await passkeys.signIn(answer, requestWith(late.setCookies), VISIT)).toMatchObject({ ok: false })
  })

  test("a copied authenticator is noticed by its counter", async () => {
    await register(key, { counter: 7 })
    expect(await signIn(key, { counter: 9 })).toMatchObject({ ok: true })
    expect(await signIn(key, { counter: 9 })).toMatchObject({ ok: false })
    expect(await signIn(key, { counter: 8 })).toMatchObject({ ok: false })
    const both = await Promise.all([signIn(key, { counter: 10 }), signIn(key, { counter: 10 })])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await signIn(key, { counter: 2 ** 32 - 1 })).toMatchObject({ ok: true })
  })

  test("an unknown passkey and a disabled account are refused", async () => {
    expect(await signIn(key, { userHandle: "AAAA" })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/not known here/),
    })
    await register()
    await under.database
      .updateTable("user")
      .set({ disabledAt: "2026-11-23T22:05:00.000Z" })
      .where("id", "=", ada.account.id)
      .execute()
    expect(await signIn()).toMatchObject({ ok: false, message: expect.stringMatching(/disabled/) })
    expect(under.events.at(-1)).toMatchObject({
      accountId: ada.account.id,
      details: { reason: "account_refused" },
    })
  })

  test("S37 thirty failures an address; what is right costs nothing", async () => {
    await register()
    for (let times = 0; times < 29; times++) await signIn(key, { challenge: "YWJj" })
    for (let times = 0; times < 3; times++) expect(await signIn()).toMatchObject({ ok: true })
    await signIn(key, { challenge: "YWJj" })
    expect(await signIn()).toMatchObject({
      ok: false,
      message: expect.stringMatching(/Too many attempts/),
      retryAfterSeconds: expect.any(Number),
    })
    expect(await signIn(key, {}, { ...VISIT, address: "192.0.2.2" })).toMatchObject({ ok: true })
  })

  test("S48 removing one ends what was signed in, before and after", async () => {
    await register()
    const form = { id: key.id, password: RIGHT_PASSWORD }
    const wrong = await passkeys.remove(ada, { ...form, password: "wrong" }, VISIT)
    expect(wrong).toMatchObject({ field: "password" })
    const grace = await under.account("grace@example.com")
    await register(createAuthenticator(PARTY), {}, grace)
    expect(await passkeys.remove(grace, form, VISIT)).toMatchObject({
      ok: false,
      message: "This passkey is not there any more.",
    })
    expect([under.endings, (await rows()).length]).toEqual([[], 2])
    expect(await passkeys.remove(ada, form, VISIT)).toEqual({
      ok: true,
      setCookies: [`session=${ada.account.id}-anew`],
      endedSessions: 2,
    })
    expect(under.endings).toEqual([`before ${ada.account.id}`, `after ${ada.account.id}`])
    expect(await rows()).toMatchObject([{ account_id: grace.account.id }])
    expect(await signIn()).toMatchObject({ ok: false })
    expect(under.notices.at(-1)).toBe("ada@example.com: passkey_removed")
  })

  test("S48 added or removed in a browser whose session has ended meanwhile: nothing was changed", async () => {
    under.ended.add(ada.sessionId)
    expect(await register()).toMatchObject({ ok: false, field: "form" })
    expect([await rows(), under.events, under.notices]).toEqual([[], [], []])
    under.ended.clear()
    await register()
    await under.database.deleteFrom("session").execute()
    const form = { id: key.id, password: RIGHT_PASSWORD }
    expect(await passkeys.remove(ada, form, VISIT)).toMatchObject({ ok: false })
    expect(await rows()).toHaveLength(1)
  })

  test("the last way to sign in stays; a link to a provider that is gone is none", async () => {
    const grace = await under.account("grace@example.com", { password: false })
    await register(key, {}, grace)
    const remove = () => passkeys.remove(grace, { id: key.id, password: RIGHT_PASSWORD }, VISIT)
    const link = (provider_id: string, issuer: string) =>
      under.database
        .insertInto("provider_identity")
        .values({
          ...{ provider_id, issuer, subject: "1", account_id: grace.account.id },
          ...{ created_at: "2026-11-23T22:05:00.000Z", last_used_at: null },
        })
        .execute()
    expect(await remove()).toMatchObject({ ok: false, message: expect.stringMatching(/only way to sign in/) })
    await link("gone", "https://gone.example")
    await link("acme", "https://acme-of-before.example")
    expect(await remove()).toMatchObject({ ok: false })
    await link("acme", ACME.issuer)
    expect(await remove()).toMatchObject({ ok: true })
  })

  test("S49 a passkey that is removed while it signs in leaves no session", async () => {
    await register()
    between = async () => void (await under.database.deleteFrom("passkey").execute())
    expect(await signIn()).toMatchObject({ ok: false })
    expect(under.endings).toEqual([`browsers of ${ada.account.id} except null`])
  })

  test("S53 the log has why, and nothing that signs in", async () => {
    await register()
    const { options, setCookies } = await passkeys.signInOptions()
    const credential = key.get(options, { origin: "https://evil.example" })
    await passkeys.signIn({ credential }, requestWith(setCookies), VISIT)
    expect(under.log.join()).toMatch(/evil\.example/)
    expect(under.log.join()).not.toContain(setCookies[0]?.split(/[=;]/)[1])
  })
})
