import { GRANT_TYPES, OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest, STORES } from "../testing.ts"
import {
  askToken,
  basic,
  type Changes,
  CLIENTS,
  expectOAuthError,
  NATIVE,
  OFFLINE,
  PLAIN,
  post,
  signedIn,
  statusWith,
  WEB,
  WEB_BASIC,
  WEB_REDIRECT,
} from "./testing.ts"

describe.each(STORES)("POST /oauth/revoke on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const revoke = (fields: Changes, headers: Record<string, string> = {}) =>
    under.app.request(OAUTH_PATHS.revoke, post(fields, headers))
  const native = () => signedIn(under, cookie, { scope: OFFLINE })
  const web = () =>
    signedIn(under, cookie, { client_id: WEB.id, redirect_uri: WEB_REDIRECT, scope: OFFLINE }, WEB_BASIC)
  const refresh = (refresh_token: string) =>
    askToken(under, { grant_type: GRANT_TYPES.refreshToken, refresh_token, client_id: NATIVE.id })

  /** One and the same answer, whatever there was to end. */
  async function expectDone(response: Response) {
    expect(response.status).toBe(200)
    expect(await response.text()).toBe("")
    expect(response.headers.get("cache-control")).toBe("no-store")
    const names = [...response.headers.keys()].toSorted()
    answers.add(names.join(" "))
    expect(answers.size).toBe(1)
  }
  const answers = new Set<string>()

  test("S46 an access token: the session is dead, its refresh token too, and no other session", async () => {
    const [ended, other] = [await native(), await native()]
    await expectDone(await revoke({ token: ended.access_token, client_id: NATIVE.id }))
    expect(await statusWith(under, ended.access_token)).toBe(401)
    await expectOAuthError(refresh(ended.refresh_token), 400, "invalid_grant")
    expect(await statusWith(under, other.access_token)).toBe(200)
  })

  test("S46 a refresh token: the session is dead with every access token", async () => {
    const first = await native()
    const second = (await (await refresh(first.refresh_token)).json()) as typeof first
    await expectDone(await revoke({ token: second.refresh_token, client_id: NATIVE.id }))
    for (const token of [first.access_token, second.access_token]) {
      expect(await statusWith(under, token)).toBe(401)
    }
    await expectOAuthError(refresh(second.refresh_token), 400, "invalid_grant")
  })

  test("S46 a refresh token that has been rotated ends the session as well", async () => {
    const first = await native()
    const second = (await (await refresh(first.refresh_token)).json()) as typeof first
    await expectDone(await revoke({ token: first.refresh_token, client_id: NATIVE.id }))
    expect(await statusWith(under, second.access_token)).toBe(401)
  })

  test.each(["access_token", "refresh_token", "nonsense", ""])(
    "token_type_hint=%j makes no difference",
    async (token_type_hint) => {
      for (const name of ["access_token", "refresh_token"] as const) {
        const tokens = await native()
        await expectDone(await revoke({ token: tokens[name], token_type_hint, client_id: NATIVE.id }))
        expect(await statusWith(under, tokens.access_token)).toBe(401)
      }
    },
  )

  test("S47 what is unknown, junk, of another kind or dead is answered just the same", async () => {
    const dead = await native()
    await revoke({ token: dead.access_token, client_id: NATIVE.id })
    const code = `alchemy_ac_${"0".repeat(53)}`
    for (const token of [
      dead.access_token,
      dead.refresh_token,
      "junk",
      code,
      `alchemy_at_${"0".repeat(53)}`,
    ]) {
      await expectDone(await revoke({ token, client_id: NATIVE.id }))
      await expectDone(await revoke({ token }))
      await expectDone(await revoke({ token }, WEB_BASIC))
    }
  })

  test("S47 another client's token is answered just the same, and lives on", async () => {
    const [mine, foreign] = [await native(), await web()]
    for (const name of ["access_token", "refresh_token"] as const) {
      await expectDone(await revoke({ token: mine[name] }, WEB_BASIC))
      await expectDone(await revoke({ token: mine[name], client_id: PLAIN.id }))
      await expectDone(await revoke({ token: foreign[name], client_id: NATIVE.id }))
    }
    expect(await statusWith(under, mine.access_token)).toBe(200)
    expect(await statusWith(under, foreign.access_token)).toBe(200)
  })

  test("a public client's token may be revoked without saying whose it is", async () => {
    for (const name of ["access_token", "refresh_token"] as const) {
      const tokens = await native()
      await expectDone(await revoke({ token: tokens[name] }))
      expect(await statusWith(under, tokens.access_token)).toBe(401)
    }
  })

  test("a confidential client's is revoked by that client only, never with a false 200", async () => {
    const { access_token, refresh_token } = await web()
    for (const token of [access_token, refresh_token]) {
      await expectOAuthError(revoke({ token }), 401, "invalid_client")
      await expectOAuthError(revoke({ token, client_id: WEB.id }), 401, "invalid_client")
      await expectOAuthError(revoke({ token }, basic(WEB.id, "wrong")), 401, "invalid_client")
    }
    expect(await statusWith(under, access_token)).toBe(200)
    await expectDone(await revoke({ token: refresh_token }, WEB_BASIC))
    expect(await statusWith(under, access_token)).toBe(401)
  })

  test("S47 who comes as a client that is unknown, or with a wrong secret, learns nothing of a token", async () => {
    const live = await native()
    for (const token of [live.access_token, live.refresh_token, "junk"]) {
      await expectOAuthError(revoke({ token, client_id: "nobody" }), 401, "invalid_client", /not registered/)
      await expectOAuthError(
        revoke({ token }, basic(WEB.id, "wrong")),
        401,
        "invalid_client",
        /secret is wrong/,
      )
    }
    expect(await statusWith(under, live.access_token)).toBe(200)
  })

  test("S28 no token, and a token in the query, are refused", async () => {
    await expectOAuthError(revoke({ client_id: NATIVE.id }), 400, "invalid_request", /token is missing/)
    await expectOAuthError(revoke({ token: "" }), 400, "invalid_request", /token is missing/)
    const inQuery = under.app.request(`${OAUTH_PATHS.revoke}?token=x`, post({ token: "x" }))
    await expectOAuthError(inQuery, 400, "invalid_request", /token must not be in the query/)
    const twice = { ...post({}), body: "token=a&token=b" }
    await expectOAuthError(under.app.request(OAUTH_PATHS.revoke, twice), 400, "invalid_request", /twice/)
  })

  test("20 revocations at once all say that it is done", async () => {
    const { access_token } = await native()
    const all = Array.from({ length: 20 }, () => revoke({ token: access_token, client_id: NATIVE.id }))
    for (const response of await Promise.all(all)) await expectDone(response)
    expect(await statusWith(under, access_token)).toBe(401)
  })
})
