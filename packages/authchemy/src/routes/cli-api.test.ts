import { randomInt } from "node:crypto"
import { codeVerifierFrom, revocationHandleOf } from "@authchemy/protocol"
import { StoreUnavailableError } from "@authchemy/tokens"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { type AppUnderTest, approve, json, openAppUnderTest, REDIRECT } from "./testing.ts"

const stores = [
  ["SQLite", () => ({})],
  ["Redis", () => ({ redisUrl: `${inject("redisUrl")}/${randomInt(64)}` })],
] as const

describe.each(stores)("the CLI API on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string

  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), allowCodeWithoutPkce: true })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const redeem = (body: unknown, headers: Record<string, string> = {}) =>
    under.app.request("/api/cli/token", json(body, headers))
  const logout = (init: RequestInit) => under.app.request("/api/cli/logout", { method: "POST", ...init })
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

  /** An approved code with the body that redeems it. */
  async function code(changes: Record<string, string | null> = {}) {
    const { location, verifier } = await approve(under, cookie, changes)
    return { code: location.searchParams.get("code") ?? "", redirect_uri: REDIRECT, code_verifier: verifier }
  }

  async function token(): Promise<string> {
    const response = await redeem(await code())
    const body = (await response.json()) as { authToken: string }
    return body.authToken
  }

  async function expectError(response: Response, status: number, error: string, naming = /./) {
    expect(response.status).toBe(status)
    const body = (await response.json()) as { error: string; error_description: string }
    expect(body.error).toBe(error)
    expect(body.error_description).toMatch(naming)
  }

  test("a code is exchanged for a token that works", async () => {
    const response = await redeem({ ...(await code()), expires_in_seconds: 3600, device: { name: "other" } })
    expect(response.status).toBe(200)
    const body = (await response.json()) as Record<string, unknown>
    expect(body).toEqual({
      authToken: expect.stringMatching(/^alchemy_at_[0-9A-Za-z]{53}$/),
      expiresAt: new Date(under.clock.now + 3_600_000).toISOString(),
      expiresInSeconds: 3600,
      sessionId: expect.any(String),
      account: { id: expect.any(String), email: "ann@example.com", name: "Ann" },
    })
    const session = await under.tokens.verify(String(body.authToken))
    expect(session?.id).toBe(body.sessionId)
    expect(session?.device).toEqual({ name: "ann-laptop", os: "Linux", client: "alchemy-cli/1.0.0" })
  })

  test.each([
    [undefined, 7_776_000],
    [9_999_999, 7_776_000],
    [60, 60],
  ])("a wish for %j seconds gives %j", async (expires_in_seconds, granted) => {
    const response = await redeem({ ...(await code()), expires_in_seconds })
    expect(await response.json()).toMatchObject({ expiresInSeconds: granted })
  })

  test("S4 a code without a challenge takes no verifier, and a code with one takes nothing less", async () => {
    const legacy = await code({ code_challenge: null, code_challenge_method: null })
    await expectError(await redeem(legacy), 400, "invalid_grant")
    const { code_verifier: _verifier, ...withoutVerifier } = await code()
    await expectError(await redeem(withoutVerifier), 400, "invalid_grant")
  })

  test("an older client's code, redirect and lifetime are enough where the code has no challenge", async () => {
    const legacy = await code({ code_challenge: null, code_challenge_method: null, state: null })
    const body = { code: legacy.code, redirect_uri: REDIRECT, expires_in_seconds: 86_400 }
    expect((await redeem(body)).status).toBe(200)
  })

  test("S20 S22 redeemed, used, redeemed again with the verifier: invalid_grant, and the token is dead", async () => {
    const body = await code()
    const response = await redeem(body)
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.get("referrer-policy")).toBe("no-referrer")
    const { authToken } = (await response.json()) as { authToken: string }
    expect(await under.tokens.verify(authToken)).not.toBeNull()
    await expectError(await redeem(body), 400, "invalid_grant")
    expect(await under.tokens.verify(authToken)).toBeNull()
  })

  test("S23 a wrong verifier is refused, and the right one still works", async () => {
    const body = await code()
    const wrong = codeVerifierFrom((size) => Buffer.alloc(size, 7))
    await expectError(await redeem({ ...body, code_verifier: wrong }), 400, "invalid_grant")
    expect((await redeem(body)).status).toBe(200)
  })

  test.each([
    "http://127.0.0.1:16425/callback",
    "http://localhost:16424/callback",
    "http://127.0.0.1:16424/other",
  ])("S24 redeemed with %s: invalid_grant", async (redirect_uri) => {
    await expectError(await redeem({ ...(await code()), redirect_uri }), 400, "invalid_grant")
  })

  test("S25 an attacker's code in a victim's flow: invalid_grant", async () => {
    const [attacker, victim] = [await code(), await code()]
    await expectError(await redeem({ ...victim, code: attacker.code }), 400, "invalid_grant")
  })

  test("S26 redeemed after 61 seconds: invalid_grant", async () => {
    const body = await code()
    under.clock.now += 61_000
    await expectError(await redeem(body), 400, "invalid_grant")
  })

  test.each(["code", "code_verifier", "token", "access_token", "revocation_handle"])(
    "S28 %s in the query is refused",
    async (name) => {
      const token = await under.app.request(`/api/cli/token?${name}=x`, json(await code()))
      await expectError(token, 400, "invalid_request", /query/)
      const logout = await under.app.request(`/api/cli/logout?${name}=x`, { method: "POST", ...bearer("x") })
      await expectError(logout, 400, "invalid_request", /query/)
    },
  )

  test.each([
    ["code", { code: undefined }, /^code: is required/],
    ["code", { code: 5 }, /^code: must be a string/],
    ["code", { code: "" }, /^code: must not be empty/],
    ["redirect_uri", { redirect_uri: null }, /^redirect_uri: must be a string/],
    ["code_verifier", { code_verifier: "short" }, /^code_verifier: must be 43 to 128/],
    ["expires_in_seconds", { expires_in_seconds: 59 }, /^expires_in_seconds: must be at least 60/],
    ["expires_in_seconds", { expires_in_seconds: "60" }, /^expires_in_seconds: must be a number/],
    ["expires_in_seconds", { expires_in_seconds: 60.5 }, /^expires_in_seconds: must be a whole/],
    ["device.name", { device: { name: 1 } }, /^device\.name: must be a string/],
    ["device", { device: "x" }, /^device: must be an object/],
  ])("a wrong %s is named", async (_name, change, naming) => {
    await expectError(await redeem({ ...(await code()), ...change }), 400, "invalid_request", naming)
  })

  test.each(["", "{", "nul", "[1", "{}x", "\u0000"])("the body %j is not JSON: 400", async (body) => {
    await expectError(await redeem(body), 400, "invalid_request", /JSON/)
  })

  test.each(["null", "5", '"x"', "[]"])("the body %s is no object: 400", async (body) => {
    await expectError(await redeem(body), 400, "invalid_request")
  })

  describe("S29 what is not read", () => {
    test.each(["text/plain", "application/x-www-form-urlencoded", "application/json-patch", ""])(
      "content type %j: 415",
      async (type) => {
        await expectError(await redeem(await code(), { "Content-Type": type }), 415, "unsupported_media_type")
      },
    )

    test("no content type: 415", async () => {
      const body = new Blob([JSON.stringify(await code())])
      const response = await under.app.request("/api/cli/token", { method: "POST", body })
      await expectError(response, 415, "unsupported_media_type")
    })

    test("a gzip bomb: 415 without being unpacked", async () => {
      const { gzipSync } = await import("node:zlib")
      const body = gzipSync(Buffer.alloc(8 * 1024 * 1024))
      const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" }
      const init = { method: "POST", headers, body }
      await expectError(await under.app.request("/api/cli/token", init), 415, "unsupported_media_type")
      await expectError(await under.app.request("/api/cli/logout", init), 415, "unsupported_media_type")
    })

    test("64 KiB, announced: 413", async () => {
      const body = JSON.stringify({ code: "x".repeat(65_536) })
      const response = await redeem(body, { "Content-Length": String(body.length) })
      await expectError(response, 413, "payload_too_large")
    })

    test("an endless body without a length: 413 after 16 KiB", async () => {
      let pulled = 0
      const endless = new ReadableStream({
        pull(controller) {
          pulled += 1024
          controller.enqueue(new Uint8Array(1024).fill(0x20))
        },
      })
      const headers = { "Content-Type": "application/json" }
      const init: RequestInit = { method: "POST", headers, body: endless, duplex: "half" }
      await expectError(await under.app.request("/api/cli/token", init), 413, "payload_too_large")
      expect(pulled).toBeLessThan(20_000)
    })

    test("10,000 fields: 413", async () => {
      const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, 1]))
      await expectError(await redeem({ ...(await code()), ...fields }), 413, "payload_too_large")
    })

    test("bytes that are not UTF-8: 400", async () => {
      const headers = { "Content-Type": "application/json" }
      const init = { method: "POST", headers, body: new Uint8Array([0x22, 0xff, 0x22]) }
      await expectError(await under.app.request("/api/cli/token", init), 400, "invalid_request")
    })
  })

  test("S31 __proto__ and its like are ignored, and prototypes stay as they are", async () => {
    const text = JSON.stringify(await code())
    const poisoned = `${text.slice(0, -1)},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a[b]":"c"}`
    expect((await redeem(poisoned)).status).toBe(200)
    expect("polluted" in {}).toBe(false)
  })

  test("S33 a forged Host or X-Forwarded-Host leaves the issuer as it is", async () => {
    const headers = {
      Host: "evil.example",
      "X-Forwarded-Host": "evil.example",
      Forwarded: "host=evil.example",
    }
    const { location } = await approve(under, cookie)
    expect(location.searchParams.get("iss")).toBe("http://localhost:4000")
    const response = await redeem(await code(), headers)
    expect(JSON.stringify([...response.headers, await response.text()])).not.toContain("evil")
  })

  test("S34 a preflight from a foreign origin is granted nothing", async () => {
    const headers = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" }
    const response = await under.app.request("/api/cli/token", { method: "OPTIONS", headers })
    expect(response.status).toBe(405)
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([])
  })

  test("S46 the token is refused from the moment its revocation is answered", async () => {
    const authToken = await token()
    const response = await logout(bearer(authToken))
    expect([response.status, await response.json()]).toEqual([200, { revoked: true }])
    expect(await under.tokens.verify(authToken)).toBeNull()
    await expectError(await logout(bearer(authToken)), 401, "invalid_token")
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
    await expectError(await logout(bearer(handle)), 401, "invalid_token")
    expect(await under.tokens.verify(authToken)).not.toBeNull()
  })

  test("a handle of the wrong form: 400 naming it; of the wrong type of body: 415", async () => {
    await expectError(
      await logout(json({ revocation_handle: 5 })),
      400,
      "invalid_request",
      /^revocation_handle/,
    )
    await expectError(
      await logout(json({ revocation_handle: "a.b" })),
      400,
      "invalid_request",
      /^revocation_handle/,
    )
    await expectError(await logout(json("{")), 400, "invalid_request", /JSON/)
    const text = { body: "revocation_handle=x", headers: { "Content-Type": "text/plain" } }
    await expectError(await logout(text), 415, "unsupported_media_type")
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
    await expectError(response, 401, "invalid_token")
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
