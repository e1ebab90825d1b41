import { expect, test } from "vitest"
import { type BrowserLoginOptions, performBrowserLogin } from "./browser-login.ts"
import { EXCHANGE_FAILED_PAGE, NOT_SAVED_PAGE } from "./pages.ts"
import { noteTaker, sendJson, startServer, TOKEN, TOKEN_RESPONSE } from "./testing.ts"

type Answer = Parameters<typeof startServer>[0]
const NOW = Date.parse("2026-11-24T12:00:00.000Z")

/** A sign-in that is noted, with a browser that comes back at once; `asked` is what was noted when each request came. */
async function signIn(
  answer: Answer,
  options: Partial<BrowserLoginOptions> = {},
  taker = noteTaker(),
  redirect: Record<string, string> = { code: "the-code" },
) {
  const asked: unknown[][] = []
  const server = await startServer((...args) => {
    asked.push([...taker.noted.values()])
    answer(...args)
  })
  let page: Promise<string> | undefined
  const result = performBrowserLogin({
    authUrl: server.url,
    client: "cli/1.0.0",
    device: { name: "laptop", os: "Linux" },
    port: 0,
    openBrowser: async (url) => {
      const { searchParams } = new URL(url)
      const query = { ...redirect, state: searchParams.get("state") ?? "", iss: server.url }
      page = fetch(`${searchParams.get("redirectUrl")}?${new URLSearchParams(query)}`).then((shown) =>
        shown.text(),
      )
      page.catch(() => {})
    },
    save: async ({ attemptId }) => void taker.noted.delete(attemptId),
    notes: taker.notes,
    now: () => NOW,
    delay: async () => {},
    ...options,
  })
  result.catch(() => {})
  return { ...taker, server, asked, result, page: () => page }
}

const json =
  (status: number, body: unknown): Answer =>
  (response) =>
    sendJson(response, status, body)

test("noted with all that redeeming it once more takes, before the code is sent; erased in the step that saves", async () => {
  const { result, server, asked, noted } = await signIn(json(200, TOKEN_RESPONSE))
  const login = await result
  const sent = JSON.parse(server.received[0]?.body ?? "")
  expect(asked).toEqual([
    [
      {
        kind: "code",
        id: login.attemptId,
        server: server.url,
        since: "2026-11-24T12:00:00.000Z",
        code: "the-code",
        redirectUri: sent.redirect_uri,
        codeVerifier: sent.code_verifier,
      },
    ],
  ])
  expect(noted.size).toBe(0)
})

test("a note that cannot be made: the code is not sent, and the browser is told", async () => {
  const cause = new Error("disk full")
  const { result, server, page } = await signIn(json(200, TOKEN_RESPONSE), {}, noteTaker({ note: cause }))
  await expect(result).rejects.toMatchObject({ code: "storage", cause })
  expect([server.received, await page()]).toEqual([[], NOT_SAVED_PAGE.html])
})

test("nothing is noted before there is a code", async () => {
  const { result, log } = await signIn(json(200, TOKEN_RESPONSE), {}, noteTaker(), { error: "access_denied" })
  await expect(result).rejects.toMatchObject({ code: "denied" })
  expect(log).toEqual([])
})

test("a refusal leaves no session, nor a note; where that cannot be erased, the refusal is told all the same", async () => {
  for (const failures of [{}, { forget: new Error("disk full") }]) {
    const refused = json(400, { error: "invalid_grant" })
    const { result, noted, page } = await signIn(refused, {}, noteTaker(failures))
    await expect(result).rejects.toMatchObject({ code: "refused" })
    expect(noted.size).toBe(failures.forget === undefined ? 0 : 1)
    expect(await page()).toBe(EXCHANGE_FAILED_PAGE.html)
  }
})

test.each([
  ["is lost", (response) => response.destroy(), "network"],
  ["is none", (response) => response.end("<html>"), "bad_response"],
] satisfies [string, Answer, string][])(
  "an answer that %s may have held a token: the note stays",
  async (_, answer, code) => {
    const { result, noted } = await signIn(answer)
    await expect(result).rejects.toMatchObject({ code })
    expect([...noted.values()]).toMatchObject([{ code: "the-code" }])
  },
)

test("aborted while the answer is awaited: the note stays", async () => {
  const controller = new AbortController()
  const { result, noted } = await signIn(() => controller.abort(), { signal: controller.signal })
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  expect(noted.size).toBe(1)
})

test("a token that cannot be saved: the note goes with its session; else what can end it is owed; else the note stays", async () => {
  const save = () => Promise.reject(new Error("disk full"))
  for (const [logout, failures, left, owed] of [
    [200, {}, 0, 0],
    [503, {}, 0, 1],
    [503, { owe: new Error("disk full") }, 1, 0],
  ] as const) {
    const taker = noteTaker(failures)
    const answer: Answer = (response, { path }) =>
      path === "/api/cli/logout"
        ? sendJson(response, logout, { revoked: true })
        : sendJson(response, 200, TOKEN_RESPONSE)
    const { result } = await signIn(answer, { save }, taker)
    await expect(result).rejects.toMatchObject({ code: "storage" })
    expect([taker.noted.size, taker.owed.length]).toEqual([left, owed])
    expect(JSON.stringify(taker.owed)).not.toContain(TOKEN)
  }
})

test.each([500, 502, 503, 504, 401, 429])(
  "S58 a %i may come after the code was redeemed: the note stays",
  async (status) => {
    const { result, noted } = await signIn(json(status, { error: "temporarily_unavailable" }))
    await expect(result).rejects.toMatchObject({ code: "refused" })
    expect(noted.size).toBe(1)
  },
)
