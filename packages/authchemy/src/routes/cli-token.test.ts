import { codeVerifierFrom } from "@authchemy/protocol"
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

describe.each(STORES)("POST /api/cli/token on %s", (_, store) => {
  let under: AppUnderTest
  let cookie: string

  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), allowCodeWithoutPkce: true })
    cookie = await under.signIn()
  })
  afterAll(() => under.close())

  const redeem = (body: unknown, headers: Record<string, string> = {}) =>
    under.app.request("/api/cli/token", json(body, headers))
  const code = (changes: Record<string, string | null> = {}) => approvedCode(under, cookie, changes)

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
    await expectCliError(await redeem(legacy), 400, "invalid_grant")
    const { code_verifier: _verifier, ...withoutVerifier } = await code()
    await expectCliError(await redeem(withoutVerifier), 400, "invalid_grant")
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
    await expectCliError(await redeem(body), 400, "invalid_grant")
    expect(await under.tokens.verify(authToken)).toBeNull()
  })

  test("S23 a wrong verifier is refused, and the right one still works", async () => {
    const body = await code()
    const wrong = codeVerifierFrom((size) => Buffer.alloc(size, 7))
    await expectCliError(await redeem({ ...body, code_verifier: wrong }), 400, "invalid_grant")
    expect((await redeem(body)).status).toBe(200)
  })

  test.each([
    "http://127.0.0.1:16425/callback",
    "http://localhost:16424/callback",
    "http://127.0.0.1:16424/other",
  ])("S24 redeemed with %s: invalid_grant", async (redirect_uri) => {
    await expectCliError(await redeem({ ...(await code()), redirect_uri }), 400, "invalid_grant")
  })

  test("S25 an attacker's code in a victim's flow: invalid_grant", async () => {
    const [attacker, victim] = [await code(), await code()]
    await expectCliError(await redeem({ ...victim, code: attacker.code }), 400, "invalid_grant")
  })

  test("S26 redeemed after 61 seconds: invalid_grant", async () => {
    const body = await code()
    under.clock.now += 61_000
    await expectCliError(await redeem(body), 400, "invalid_grant")
  })

  test.each(["code", "code_verifier", "token", "access_token"])(
    "S28 %s in the query is refused",
    async (name) => {
      const response = await under.app.request(`/api/cli/token?${name}=x`, json(await code()))
      await expectCliError(response, 400, "invalid_request", /query/)
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
    await expectCliError(await redeem({ ...(await code()), ...change }), 400, "invalid_request", naming)
  })

  test.each(["", "{", "nul", "[1", "{}x", "\u0000"])("the body %j is not JSON: 400", async (body) => {
    await expectCliError(await redeem(body), 400, "invalid_request", /JSON/)
  })

  test.each(["null", "5", '"x"', "[]"])("the body %s is no object: 400", async (body) => {
    await expectCliError(await redeem(body), 400, "invalid_request")
  })

  describe("S29 what is not read", () => {
    test.each(["text/plain", "application/x-www-form-urlencoded", "application/json-patch", ""])(
      "content type %j: 415",
      async (type) => {
        await expectCliError(
          await redeem(await code(), { "Content-Type": type }),
          415,
          "unsupported_media_type",
        )
      },
    )

    test("no content type: 415", async () => {
      const body = new Blob([JSON.stringify(await code())])
      const response = await under.app.request("/api/cli/token", { method: "POST", body })
      await expectCliError(response, 415, "unsupported_media_type")
    })

    test("a gzip bomb: 415 without being unpacked", async () => {
      const { gzipSync } = await import("node:zlib")
      const body = gzipSync(Buffer.alloc(8 * 1024 * 1024))
      const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" }
      const init = { method: "POST", headers, body }
      await expectCliError(await under.app.request("/api/cli/token", init), 415, "unsupported_media_type")
    })

    test("64 KiB, announced: 413", async () => {
      const body = JSON.stringify({ code: "x".repeat(65_536) })
      const response = await redeem(body, { "Content-Length": String(body.length) })
      await expectCliError(response, 413, "payload_too_large")
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
      await expectCliError(await under.app.request("/api/cli/token", init), 413, "payload_too_large")
      expect(pulled).toBeLessThan(20_000)
    })

    test("a body that breaks off is the caller's doing: 400, and no error in the log", async () => {
      const broken = new ReadableStream({
        pull(controller) {
          controller.error(Object.assign(new Error("aborted"), { code: "ECONNRESET" }))
        },
      })
      const headers = { "Content-Type": "application/json" }
      const init: RequestInit = { method: "POST", headers, body: broken, duplex: "half" }
      await expectCliError(await under.app.request("/api/cli/token", init), 400, "invalid_request")
      expect(under.log.join("")).not.toContain('"level":"error"')
    })

    test("10,000 fields: 413", async () => {
      const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, 1]))
      await expectCliError(await redeem({ ...(await code()), ...fields }), 413, "payload_too_large")
    })

    test("bytes that are not UTF-8: 400", async () => {
      const headers = { "Content-Type": "application/json" }
      const init = { method: "POST", headers, body: new Uint8Array([0x22, 0xff, 0x22]) }
      await expectCliError(await under.app.request("/api/cli/token", init), 400, "invalid_request")
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
})
