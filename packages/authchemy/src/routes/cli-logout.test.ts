import { revocationHandleOf } from "@authchemy/protocol"
import { StoreUnavailableError } from "@authchemy/tokens"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  type AppUnderTest,
  approve,
  approvedCode,
  expectCliError,
  json,
  openAppUnderTest,
  REDIRECT,
  STORES,
} from "./testing.ts"

describe.each(STORES)("POST /api/cli/logout on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string

  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), allowCodeWithoutPkce: true })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const redeem = (body: unknown) => under.app.request("/api/cli/token", json(body))
  const logout = (init: RequestInit) => under.app.request("/api/cli/logout", { method: "POST", ...init })
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })
  const code = () => approvedCode(under, cookie)

  async function token(): Promise<string> {
    const body = (await (await redeem(await code())).json()) as { authToken: string }
    return body.authToken
  }

  test.each(["token", "access_token", "revocation_handle"])(
    "S28 %s in the query is refused",
    async (name) => {
      const init = { method: "POST", ...bearer(await token()) }
      const response = await under.app.request(`/api/cli/logout?${name}=x`, init)
      await expectCliError(response, 400, "invalid_request", /query/)
    },
  )

  test("S29 a compressed body is not unpacked: 415", async () => {
    const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" }
    await expectCliError(await logout({ headers, body: "x" }), 415, "unsupported_media_type")
  })

  test("S46 the token is refused from the moment its revocation is answered", async () => {
    const authToken = await token()
    expect((await under.app.request("/v1/me", bearer(authToken))).status).toBe(200)
    const response = await logout(bearer(authToken))
    expect([response.status, await response.json()]).toEqual([200, { revoked: true }])
    expect((await under.app.request("/v1/me", bearer(authToken))).status).toBe(401)
    expect(await under.tokens.verify(authToken)).toBeNull()
    await expectCliError(await logout(bearer(authToken)), 401, "invalid_token")
  })

  test("S47 what is unknown, malformed or already dead gets one answer, and others live on", async () => {
    const [living, dead] = [await token(), await token()]
    await logout(bearer(dead))
    const unknown = `${living.slice(0, 20)}x${living.slice(21)}`
    const answers = await Promise.all(
      [dead, unknown, "junk", "alchemy_at_", living.replace("_at_", "_ak_")].map(async (given) => {
        const response = await logout(bearer(given))
        return [response.status, response.headers.get("www-authenticate"), await response.text()]
      }),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveLength(1)
    expect(answers[0]?.slice(0, 2)).toEqual([401, 'Bearer error="invalid_token"'])
    expect(await under.tokens.verify(living)).not.toBeNull()
  })

  test("a bearer token ends its session whatever body comes along, within the limit", async () => {
    for (const init of [
      { body: "", headers: { "Content-Type": "application/json" } },
      { body: "x=1", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
      { body: "{", headers: { "Content-Type": "application/json", "Content-Length": "1" } },
    ]) {
      const authorization = `bearer ${await token()}`
      const response = await logout({ ...init, headers: { ...init.headers, Authorization: authorization } })
      expect(response.status).toBe(200)
    }
    const authToken = await token()
    const large = { Authorization: `Bearer ${authToken}`, "Content-Length": "65536" }
    expect((await logout({ headers: large, body: "x".repeat(65_536) })).status).toBe(413)
    expect(await under.tokens.verify(authToken)).not.toBeNull()
  })

  test("a revocation handle ends its session; again, there is nothing left to end", async () => {
    const authToken = await token()
    const handle = { revocation_handle: revocationHandleOf(authToken) }
    expect(await (await logout(json(handle))).json()).toEqual({ revoked: true })
    expect(await under.tokens.verify(authToken)).toBeNull()
    const again = await logout(json(handle))
    expect([again.status, await again.json()]).toEqual([200, { revoked: false }])
  })

  test("a revocation handle is no credential for anything else", async () => {
    const authToken = await token()
    const handle = revocationHandleOf(authToken) ?? ""
    await expectCliError(await logout(bearer(handle)), 401, "invalid_token")
    expect(await under.tokens.verify(authToken)).not.toBeNull()
  })

  test("a handle of the wrong form: 400 naming it; of the wrong type of body: 415", async () => {
    await expectCliError(
      await logout(json({ revocation_handle: 5 })),
      400,
      "invalid_request",
      /^revocation_handle/,
    )
    await expectCliError(
      await logout(json({ revocation_handle: "a.b" })),
      400,
      "invalid_request",
      /^revocation_handle/,
    )
    await expectCliError(await logout(json("{")), 400, "invalid_request", /JSON/)
    const text = { body: "revocation_handle=x", headers: { "Content-Type": "text/plain" } }
    await expectCliError(await logout(text), 415, "unsupported_media_type")
  })

  test.each([
    ["nothing", {}],
    ["an empty body", json("")],
    ["an empty object", json({})],
    ["another scheme", { headers: { Authorization: "Basic YTpi" } }],
    ["an empty bearer", { headers: { Authorization: "Bearer" } }],
    ["two tokens", { headers: { Authorization: "Bearer a, Bearer b" } }],
  ])("no credential (%s): 401 with WWW-Authenticate", async (_name, init) => {
    const response = await logout(init)
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/)
    await expectCliError(response, 401, "invalid_token")
  })

  test("S53 nothing secret is in the log", async () => {
    const body = await code()
    const authToken = ((await (await redeem(body)).json()) as { authToken: string }).authToken
    await under.app.request(`/${authToken}`)
    await logout(bearer(authToken))
    const log = under.log.join("")
    for (const secret of [authToken, body.code, body.code_verifier, cookie, "st4te"])
      expect(log).not.toContain(secret)
    expect(log).toContain('"path":"/api/cli/logout","status":200')
  })
})

test("the store out of reach: 503 with Retry-After, never a false 200", async () => {
  const down = async () => {
    throw new StoreUnavailableError(new Error("connect ECONNREFUSED redis://user:hunter2@10.0.0.1"))
  }
  const under = await openAppUnderTest({
    wrapTokens: (tokens) => ({
      ...tokens,
      issueCode: down,
      redeemCode: down,
      revoke: down,
      revokeByHandle: down,
      ready: down,
    }),
  })
  const cookie = await under.signIn()
  const body = { code: "alchemy_ac_x", redirect_uri: REDIRECT, code_verifier: "v".repeat(43) }
  const handle = { revocation_handle: `abcd.${"A".repeat(43)}` }
  for (const response of [
    await under.app.request("/api/cli/token", json(body)),
    await under.app.request("/api/cli/logout", { method: "POST", headers: { Authorization: "Bearer x" } }),
    await under.app.request("/api/cli/logout", json(handle)),
  ]) {
    expect(response.status).toBe(503)
    expect(response.headers.get("retry-after")).toBe("1")
    expect(await response.json()).toMatchObject({ error: "temporarily_unavailable" })
  }
  await expect(approve(under, cookie)).rejects.toThrow()
  const ready = await under.app.request("/readyz")
  expect(ready.status).toBe(503)
  expect((await under.app.request("/healthz")).status).toBe(200)
  expect(under.log.join("")).not.toContain("hunter2")
  await under.close()
})
