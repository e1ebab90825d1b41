import fc from "fast-check"
import { expect, test } from "vitest"
import { pollForToken, requestDeviceAuthorization } from "./device-endpoints.ts"
import { SignInError } from "./errors.ts"
import { exchangeCodeForToken } from "./exchange.ts"
import { askToEnd } from "./logout.ts"
import { deviceAuthorizationOf, OAUTH_TOKEN_RESPONSE, TOKEN_RESPONSE } from "./testing.ts"

const SERVER = "https://auth.example.com"
const now = Date.now()
const numRuns = Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 400)
const seed = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 2 ** 31)

const anyJson = fc.jsonValue({ maxDepth: 3 })
const deep = `${'{"a":['.repeat(10_000)}1${"]}".repeat(10_000)}`
/** The way to every part of a right answer. */
function pathsOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [[]]
  return Object.entries(value).flatMap(([name, part]) => [
    [name],
    ...pathsOf(part).map((path) => [name, ...path]),
  ])
}

/** The same with the part at the end of a path replaced. */
function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined || typeof value !== "object" || value === null) return by
  return { ...value, [name]: replaced((value as Record<string, unknown>)[name], rest, by) }
}

const oddTexts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "\u001b]0;owned\u0007",
    "\u202egnp",
    "a\nb",
    "https://evil.example/",
    "javascript:alert(1)",
    "DPoP",
    "bearer",
  ),
)
const nearly = (right: object) =>
  fc
    .tuple(fc.constantFrom(...pathsOf(right)), fc.oneof(anyJson, oddTexts, oddTexts, fc.double()), fc.nat(7))
    .map(([path, value, how]) => {
      const [name = ""] = path
      const json = JSON.stringify(right)
      if (how === 0) return json
      if (how === 1) return JSON.stringify(replaced(right, path, undefined))
      if (how === 2) return `${json.slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`
      if (how === 3) return `{"__proto__":${json},"constructor":${JSON.stringify(value)}}`
      return JSON.stringify(replaced(right, path, value))
    })
const errorAnswers = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(
        "invalid_grant",
        "authorization_pending",
        "slow_down",
        "expired_token",
        "access_denied",
      ),
      anyJson,
    ),
    fc.oneof(anyJson, fc.string({ unit: "binary" })),
  )
  .map(([error, error_description]) => JSON.stringify({ error, error_description }))
const bodiesLike = (right: object) =>
  fc.oneof(
    { weight: 12, arbitrary: nearly(right) },
    { weight: 2, arbitrary: errorAnswers },
    fc.json(),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom("", "null", deep, "x".repeat(70_000), `"${"\\u0000".repeat(12_000)}"`),
  )
const oddHeaders = fc.dictionary(
  fc.constantFrom("content-type", "retry-after", "location", "www-authenticate", "cache-control", "x-odd"),
  fc.oneof(
    fc.constantFrom(
      "application/json",
      "text/html",
      "0",
      "1",
      "-1",
      "999999999999",
      "Tue, 24 Nov 2026 12:00:00 GMT",
      "Bearer",
    ),
    fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\x20-\x7e]/g, "")),
  ),
)
const headers = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, oddHeaders)
// Mostly what would be taken for an answer, so that what is in it counts.
const statuses = fc.oneof(
  { weight: 5, arbitrary: fc.constant(200) },
  fc.constantFrom(400, 401, 429, 503),
  fc.integer({ min: 200, max: 599 }),
)

/** A server of which each answer is one of these. */
function answering(right: object) {
  return fc
    .array(fc.tuple(statuses, headers, bodiesLike(right)), { minLength: 1, maxLength: 3 })
    .map((answers) => {
      let asked = 0
      const send: typeof fetch = async () => {
        const [status, given, body] = answers[Math.min(asked++, answers.length - 1)] ?? [500, {}, ""]
        const bodiless = [204, 205, 304].includes(status)
        const content = typeof body === "string" ? body : Buffer.from(body)
        return new Response(bodiless ? null : content, {
          status,
          headers: { "content-type": "application/json", ...given },
        })
      }
      return { send, answers }
    })
}

const UNFIT = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

/** Either what it promises, or the one error that it is allowed to throw, with a message fit for a terminal. */
async function outcomeOf<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SignInError)) throw error
    expect(error.message).not.toBe("")
    expect(error.message).not.toMatch(UNFIT)
    expect(error.message.length).toBeLessThan(600)
    return null
  }
}

const check = (right: object, work: (send: typeof fetch) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(answering(right), ({ send }) => work(send)),
    { numRuns, seed },
  )

const PRINTABLE = /^[\x21-\x7e]+$/

test("S57 whatever a server answers to the exchange: a login that can be kept, or a SignInError", async () => {
  await check(TOKEN_RESPONSE, async (send) => {
    const body = { code: "c", redirect_uri: "http://127.0.0.1:1/callback", code_verifier: "v".repeat(43) }
    const login = await outcomeOf(() =>
      exchangeCodeForToken({ server: SERVER, body, fetch: send, delay: async () => {}, now: () => now }),
    )
    if (login === null) return
    expect(login.credential.token).toMatch(PRINTABLE)
    expect(Date.parse(login.credential.expiresAt ?? "")).not.toBeNaN()
    expect(`${login.account.email}${login.account.name}${login.sessionId}`).not.toMatch(UNFIT)
  })
})

test("S57 whatever a server answers to a request for a code: one that can be shown, or a SignInError", async () => {
  await check(deviceAuthorizationOf(SERVER), async (send) => {
    const device = { name: "laptop", os: "Linux" }
    const begun = await outcomeOf(() =>
      requestDeviceAuthorization(
        { codeChallenge: "c".repeat(43), client: "x/1", device },
        { server: SERVER, fetch: send },
      ),
    )
    if (begun === null) return
    expect(`${begun.userCode}${begun.verificationUri}${begun.verificationUriComplete ?? ""}`).not.toMatch(
      UNFIT,
    )
    expect(new URL(begun.verificationUri).origin).toBe(SERVER)
    expect(begun.intervalMs).toBeGreaterThan(0)
    expect(begun.expiresInMs).toBeGreaterThan(0)
  })
})

test("S57 whatever a server answers to a poll: one of four answers, or a SignInError", async () => {
  await check(OAUTH_TOKEN_RESPONSE, async (send) => {
    const request = {
      deviceCode: "d",
      codeVerifier: "v".repeat(43),
      expiresInSeconds: undefined,
      now: () => now,
    }
    const polled = await outcomeOf(() => pollForToken(request, { server: SERVER, fetch: send }))
    if (polled === null) return
    expect(["login", "pending", "slow_down", "unavailable"]).toContain(polled.answer)
    if (polled.answer !== "login") return
    expect(polled.login.credential.token).toMatch(PRINTABLE)
    expect(Date.parse(polled.login.credential.expiresAt ?? "")).not.toBeNaN()
  })
})

test("S57 whatever a server answers to a sign-out: never a revocation that it did not confirm, and no error", async () => {
  await fc.assert(
    fc.asyncProperty(answering({ revoked: true }), fc.boolean(), async ({ send, answers }, byHandle) => {
      const credential = byHandle ? { handle: `tAg9.${"d".repeat(43)}` } : { token: TOKEN_RESPONSE.authToken }
      const answer = await askToEnd({ server: SERVER, credential, timeoutMs: 2000, fetch: send })
      const [[status, , body] = []] = answers
      if (answer.result === "unconfirmed") expect(answer.reason).not.toMatch(UNFIT)
      else if (answer.result === "already_ended") expect(status).toBe(401)
      else {
        expect(status).toBe(200)
        const { revoked } = JSON.parse(typeof body === "string" ? body : Buffer.from(body ?? []).toString())
        expect(revoked).toBe(answer.result === "revoked")
      }
    }),
    { numRuns, seed },
  )
})
