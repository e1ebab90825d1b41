import { connect } from "node:net"
import { approvalPhraseOf, codeChallengeOf } from "@authchemy/protocol"
import { expect, onTestFinished, test } from "vitest"
import { type BrowserLoginOptions, performBrowserLogin } from "./browser-login.ts"
import type { SignInEvent } from "./login.ts"
import { CANCELLED_PAGE, DENIED_PAGE, EXCHANGE_FAILED_PAGE, NOT_SAVED_PAGE, SIGNED_IN_PAGE } from "./pages.ts"
import { sendJson, startServer, TOKEN, TOKEN_RESPONSE } from "./testing.ts"

type Answer = Parameters<typeof startServer>[0]
const GOOD: Answer = (response) => sendJson(response, 200, TOKEN_RESPONSE)

/** A sign-in against a real token endpoint, with a browser that goes where `redirect` says. */
async function signIn(
  tokenEndpoint: Answer,
  options: Partial<BrowserLoginOptions> = {},
  redirect: (login: URL, iss: string) => Record<string, string> = (login, iss) => ({
    code: "the-code",
    state: login.searchParams.get("state") ?? "",
    iss,
  }),
) {
  const server = await startServer(tokenEndpoint)
  const events: SignInEvent[] = []
  const saved: unknown[] = []
  let page: Promise<Response> | undefined
  let callback = ""
  const result = performBrowserLogin({
    authUrl: `${server.url}/`,
    client: "cli/1.0.0",
    device: { name: "laptop", os: "Linux" },
    port: 0,
    openBrowser: async (url) => {
      const login = new URL(url)
      callback = login.searchParams.get("redirectUrl") ?? ""
      page = fetch(`${callback}?${new URLSearchParams(redirect(login, server.url))}`)
      page.catch(() => {})
    },
    save: async (login) => void saved.push(login),
    onEvent: (event) => events.push(event),
    delay: async () => {},
    ...options,
  })
  result.catch(() => {})
  return { server, events, saved, result, page: () => page, callback: () => callback }
}

const listens = (url: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    onTestFinished(() => void socket.destroy())
    socket.once("connect", () => resolve(true))
    socket.once("error", () => resolve(false))
  })

test("the whole sign-in: listener, URL, phrase, answer, exchange, saving, and only then the page", async () => {
  let held = true
  const { server, events, saved, result, page, callback } = await signIn(GOOD, {
    expiresInSeconds: 3600,
    save: async (login) => {
      page()?.then(() => {
        held = false
      })
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect(held).toBe(true)
      saved.push(login)
    },
  })
  const login = await result
  expect(login).toMatchObject({ credential: { token: TOKEN, server: server.url }, sessionId: "session-1" })
  expect(saved).toEqual([login])
  const shown = await page()
  expect(shown?.status).toBe(200)
  expect(await shown?.text()).toBe(SIGNED_IN_PAGE.html)

  const [exchange] = server.received.map(({ body }) => JSON.parse(body))
  expect(exchange).toEqual({
    code: "the-code",
    redirect_uri: callback(),
    code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    expires_in_seconds: 3600,
    device: { name: "laptop", os: "Linux", client: "cli/1.0.0" },
  })
  const approval = events.find((event) => event.type === "approval")
  const url = new URL(approval?.type === "approval" ? approval.url : "")
  const challenge = codeChallengeOf(exchange.code_verifier)
  expect(url.searchParams.get("code_challenge")).toBe(challenge)
  expect(url.searchParams.get("state")).toMatch(/^[\w-]{43}$/)
  expect(approval).toMatchObject({ phrase: approvalPhraseOf(challenge), timeoutMs: 300_000 })
  const port = Number(new URL(callback()).port)
  expect(events[0]).toEqual({ type: "listening", port, preferredPort: 0 })
  const order = events.map(({ type }) => type).filter((type) => !type.startsWith("browser"))
  expect(order).toEqual(["listening", "approval", "exchanging", "stored"])
  expect(await listens(callback())).toBe(false)
})

test("S56 the page is static, forbids everything but its own style, and holds nothing of the query", async () => {
  const { result, page, callback } = await signIn(GOOD, {}, (login, iss) => ({
    code: "the-code",
    state: login.searchParams.get("state") ?? "",
    iss,
    extra: "<script>evil</script>",
  }))
  await result
  const shown = await page()
  const html = await shown?.text()
  for (const secret of ["the-code", "evil", TOKEN, "ada"]) expect(html).not.toContain(secret)
  expect(html).toBe(SIGNED_IN_PAGE.html)
  expect(Object.fromEntries(shown?.headers ?? [])).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": expect.stringMatching(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; .*frame-ancestors 'none'$/,
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    connection: "close",
  })
  expect(await listens(callback())).toBe(false)
})

test("S56 sockets that were left open are closed at the end", async () => {
  let closed: Promise<unknown> | undefined
  const { result } = await signIn(GOOD, {
    onEvent: (event) => {
      if (event.type !== "listening") return
      const socket = connect(event.port, "127.0.0.1")
      socket.on("error", () => {}).resume()
      closed = new Promise((resolve) => socket.once("close", resolve))
    },
  })
  await result
  await closed
})

test("denied in the browser", async () => {
  const { server, result, saved, page, callback } = await signIn(GOOD, {}, (login, iss) => ({
    error: "access_denied",
    error_description: "<b>no</b>",
    state: login.searchParams.get("state") ?? "",
    iss,
  }))
  await expect(result).rejects.toMatchObject({ code: "denied", details: { error: "access_denied" } })
  const shown = await page()
  expect([shown?.status, await shown?.text()]).toEqual([200, DENIED_PAGE.html])
  expect([saved, server.received]).toEqual([[], []])
  expect(await listens(callback())).toBe(false)
})

test("an error code of a server is passed on in a known spelling only", async () => {
  const { result } = await signIn(GOOD, {}, (login, iss) => ({
    error: "\u001b[31mevil",
    state: login.searchParams.get("state") ?? "",
    iss,
  }))
  await expect(result).rejects.toMatchObject({ code: "denied", details: { error: "unknown" } })
})

test("an exchange that is refused: the browser is told that it failed", async () => {
  const { result, saved, page } = await signIn((response) =>
    sendJson(response, 400, { error: "invalid_grant" }),
  )
  await expect(result).rejects.toMatchObject({ code: "refused" })
  const shown = await page()
  expect([shown?.status, await shown?.text()]).toEqual([502, EXCHANGE_FAILED_PAGE.html])
  expect(saved).toEqual([])
})

test("a credential that cannot be saved: its session is ended again, and the browser is told", async () => {
  const cause = new Error("disk full")
  const { server, result, page, events } = await signIn(
    (response, { path }) =>
      sendJson(response, 200, path === "/api/cli/logout" ? { revoked: true } : TOKEN_RESPONSE),
    { save: () => Promise.reject(cause) },
  )
  await expect(result).rejects.toMatchObject({ code: "storage", cause })
  const shown = await page()
  expect([shown?.status, await shown?.text()]).toEqual([500, NOT_SAVED_PAGE.html])
  expect(server.received.map(({ path }) => path)).toEqual(["/api/cli/token", "/api/cli/logout"])
  expect(server.received[1]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
  expect(events.map(({ type }) => type)).not.toContain("stored")
})

test("a stranger is reported, and the right one still signs in", async () => {
  const { result, events } = await signIn(GOOD, {
    openBrowser: async (url) => {
      const login = new URL(url)
      const callback = login.searchParams.get("redirectUrl") ?? ""
      await fetch(`${callback}?code=evil&state=evil`)
      const answer = { code: "c", state: login.searchParams.get("state") ?? "", iss: login.origin }
      await fetch(`${callback}?${new URLSearchParams(answer)}`)
    },
  })
  await result
  expect(events).toContainEqual({ type: "request-ignored", reason: "another state" })
})

test("a browser that cannot be opened is reported, and sign-in goes on until its limit", async () => {
  const { result, events } = await signIn(GOOD, {
    openBrowser: () => Promise.reject(new Error("no browser")),
    timeoutMs: 50,
  })
  await expect(result).rejects.toMatchObject({ code: "timeout" })
  expect(events).toContainEqual({ type: "browser-failed", reason: "no browser" })
})

test("when sign-in ends, the opening of the browser is aborted, and its end is no event", async () => {
  let signal: AbortSignal | undefined
  const { result, events } = await signIn(GOOD, {
    openBrowser: (_, ended) =>
      new Promise((_, reject) => {
        signal = ended
        ended.addEventListener("abort", () => reject(new Error("aborted")))
      }),
    timeoutMs: 20,
  })
  await expect(result).rejects.toMatchObject({ code: "timeout" })
  expect(signal?.aborted).toBe(true)
  expect(events.map(({ type }) => type)).toEqual(["listening", "approval"])
})

test("aborted while waiting: nothing listens any more", async () => {
  const controller = new AbortController()
  let port = 0
  const { result } = await signIn(GOOD, {
    openBrowser: null,
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "listening") port = event.port
      if (event.type === "approval") controller.abort()
    },
  })
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  expect(await listens(`http://127.0.0.1:${port}`)).toBe(false)
})

test("aborted during the exchange: the browser is told, and nothing is saved", async () => {
  const controller = new AbortController()
  const { result, saved, page } = await signIn(() => controller.abort(), { signal: controller.signal })
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  const shown = await page()
  expect([shown?.status, await shown?.text()]).toEqual([503, CANCELLED_PAGE.html])
  expect(saved).toEqual([])
})

test("aborted before it began: no event at all", async () => {
  const { result, events } = await signIn(GOOD, { signal: AbortSignal.abort() })
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  expect(events).toEqual([])
})

test("a listener of events that throws ends the sign-in and its listener", async () => {
  let port = 0
  const { result } = await signIn(GOOD, {
    openBrowser: null,
    onEvent: (event) => {
      if (event.type === "listening") port = event.port
      else throw new Error("closed terminal")
    },
  })
  await expect(result).rejects.toThrow("closed terminal")
  expect(await listens(`http://127.0.0.1:${port}`)).toBe(false)
})

test("a server over http on another machine is refused before anything listens", async () => {
  const { result, events } = await signIn(GOOD, { authUrl: "http://auth.example.com" })
  await expect(result).rejects.toMatchObject({ code: "insecure_url" })
  expect(events).toEqual([])
})

test("S55 a preferred port that is busy is reported with the reason", async () => {
  const busy = await startServer(() => {})
  const preferredPort = Number(new URL(busy.url).port)
  const { result, events } = await signIn(GOOD, { port: preferredPort })
  await result
  expect(events[0]).toMatchObject({ type: "listening", preferredPort, fallback: "EADDRINUSE" })
})
