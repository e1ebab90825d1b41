import { request as httpRequest } from "node:http"
import { connect, type Socket } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { type CallbackServer, openCallbackServer } from "./callback-server.ts"
import { SIGNED_IN_PAGE } from "./pages.ts"
import { waitForCallback } from "./wait-for-callback.ts"

const STATE = "s".repeat(43)
const ISSUER = "https://auth.example.com"

async function waiting(options: { issuer?: string; timeoutMs?: number; signal?: AbortSignal } = {}) {
  const server = await openCallbackServer({ port: 0 })
  onTestFinished(() => server.close())
  const ignored: string[] = []
  const answer = waitForCallback(server, {
    state: STATE,
    issuer: ISSUER,
    timeoutMs: 20_000,
    onIgnored: (reason) => ignored.push(reason),
    ...options,
  })
  answer.catch(() => {})
  return { server, answer, ignored }
}

type Stranger = { path: string; method?: string; headers?: Record<string, string>; body?: string }

function send(server: CallbackServer, stranger: Stranger): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port: server.port,
        path: stranger.path,
        method: stranger.method ?? "GET",
        headers: { ...stranger.headers },
        agent: false,
      },
      (response) => {
        let body = ""
        response.setEncoding("utf8").on("data", (chunk) => {
          body += chunk
        })
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
        response.on("error", reject)
      },
    )
    request.on("error", reject)
    request.end(stranger.body)
  })
}

const query = (parameters: Record<string, string>) => `/callback?${new URLSearchParams(parameters)}`
const RIGHT = query({ code: "the-code", state: STATE, iss: ISSUER })

const STRANGERS: [string, number, Stranger][] = [
  ["no state", 400, { path: query({ code: "evil", iss: ISSUER }) }],
  ["a wrong state", 400, { path: query({ code: "evil", state: "x".repeat(43), iss: ISSUER }) }],
  ["a state of another length", 400, { path: query({ code: "evil", state: `${STATE}x`, iss: ISSUER }) }],
  ["no iss", 400, { path: query({ code: "evil", state: STATE }) }],
  ["a wrong iss", 400, { path: query({ code: "evil", state: STATE, iss: "https://evil.example" }) }],
  ["error without state", 400, { path: query({ error: "access_denied", iss: ISSUER }) }],
  ["error with a wrong state", 400, { path: query({ error: "access_denied", state: "x", iss: ISSUER }) }],
  ["error without iss", 400, { path: query({ error: "access_denied", state: STATE }) }],
  ["code and error", 400, { path: query({ code: "c", error: "access_denied", state: STATE, iss: ISSUER }) }],
  ["neither code nor error", 400, { path: query({ state: STATE, iss: ISSUER }) }],
  ["an empty code", 400, { path: query({ code: "", state: STATE, iss: ISSUER }) }],
  ["a code of 513 characters", 400, { path: query({ code: "c".repeat(513), state: STATE, iss: ISSUER }) }],
  ["state twice", 400, { path: `${RIGHT}&state=${STATE}` }],
  ["code twice", 400, { path: `${RIGHT}&code=evil` }],
  ["an unknown parameter twice", 400, { path: `${RIGHT}&x=1&x=2` }],
  ["no query", 400, { path: "/callback" }],
  ["a JARM response", 400, { path: `${RIGHT}&response=x` }],
  ["an implicit response", 400, { path: `${RIGHT}&token=x` }],
  ["a foreign Host", 421, { path: RIGHT, headers: { host: "evil.example" } }],
  ["the right Host on another port", 421, { path: RIGHT, headers: { host: "127.0.0.1:1" } }],
  ["an absolute request target", 404, { path: `http://evil.example${RIGHT}` }],
  ["Origin set", 403, { path: RIGHT, headers: { origin: "https://evil.example" } }],
  ["Origin null", 403, { path: RIGHT, headers: { origin: "null" } }],
  ["Sec-Purpose: prefetch", 403, { path: RIGHT, headers: { "sec-purpose": "prefetch;prerender" } }],
  ["Purpose: prefetch", 403, { path: RIGHT, headers: { purpose: "prefetch" } }],
  ["POST", 405, { path: RIGHT, method: "POST", body: "x".repeat(100_000) }],
  ["HEAD", 405, { path: RIGHT, method: "HEAD" }],
  ["OPTIONS", 405, { path: RIGHT, method: "OPTIONS" }],
  [
    "PUT that asks first",
    405,
    { path: RIGHT, method: "PUT", headers: { expect: "100-continue" }, body: "x" },
  ],
  ["another path", 404, { path: RIGHT.replace("/callback", "/other") }],
  ["a trailing slash", 404, { path: RIGHT.replace("/callback", "/callback/") }],
  ["the favicon", 404, { path: "/favicon.ico" }],
]

test.each(STRANGERS)("S54 %s is answered %i and the right one still works", async (_, status, stranger) => {
  const { server, answer, ignored } = await waiting()
  const refused = await send(server, stranger)
  expect(refused.status).toBe(status)
  expect(refused.body).not.toContain("evil")
  expect(ignored).toHaveLength(1)
  const browser = send(server, { path: RIGHT })
  const accepted = await answer
  expect(accepted).toMatchObject({ code: "the-code" })
  await accepted.respond(SIGNED_IN_PAGE)
  expect((await browser).status).toBe(200)
})

test("S54 a second hit, right or wrong, is answered 409 while the first is held", async () => {
  const { server, answer } = await waiting()
  const browser = send(server, { path: RIGHT })
  const accepted = await answer
  expect((await send(server, { path: RIGHT })).status).toBe(409)
  expect((await send(server, { path: "/callback" })).status).toBe(409)
  await accepted.respond(SIGNED_IN_PAGE)
  expect((await browser).body).toBe(SIGNED_IN_PAGE.html)
})

test("S54 1,000 wrong callbacks of every kind, and the right one still works", async () => {
  const { server, answer, ignored } = await waiting()
  for (let done = 0; done < 1000; done += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => STRANGERS[(done + index) % STRANGERS.length])
    await Promise.all(
      batch.map(async (entry) => {
        if (entry) expect((await send(server, entry[2])).status).toBe(entry[1])
      }),
    )
  }
  expect(ignored).toHaveLength(1000)
  const browser = send(server, { path: RIGHT })
  const accepted = await answer
  await accepted.respond(SIGNED_IN_PAGE)
  expect((await browser).status).toBe(200)
})

test("S54 500 sockets that are opened and left silent do not keep the right one out", async () => {
  const { server, answer } = await waiting()
  const sockets = await Promise.all(
    Array.from(
      { length: 500 },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(server.port, "127.0.0.1", () => resolve(socket))
          socket.on("error", () => {})
        }),
    ),
  )
  for (const socket of sockets) socket.write("GET /callback HTTP/1.1\r\nHost: 127")
  const [oldest] = sockets
  let said = ""
  oldest?.on("data", (chunk) => {
    said += chunk
  })
  if (oldest && !oldest.destroyed) await new Promise((resolve) => oldest.once("close", resolve))
  // It gave way to another: one that only took too long is told so (408).
  expect(said).toBe("")
  const browser = send(server, { path: RIGHT })
  const accepted = await answer
  await accepted.respond(SIGNED_IN_PAGE)
  expect((await browser).status).toBe(200)
  const closed = Promise.all(
    sockets.map((socket) => socket.destroyed || new Promise((resolve) => socket.once("close", resolve))),
  )
  for (const socket of sockets) socket.resume()
  await server.close()
  await closed
})

test("headers of more than 32 KiB are refused", async () => {
  const { server } = await waiting()
  const refused = await send(server, { path: RIGHT, headers: { cookie: "c".repeat(40_000) } })
  expect(refused.status).toBe(431)
})

test.each(["localhost", "[::1]"])("the Host %s counts as this machine", async (name) => {
  const { server, answer } = await waiting()
  const browser = send(server, { path: RIGHT, headers: { host: `${name}:${server.port}` } })
  const accepted = await answer
  await accepted.respond(SIGNED_IN_PAGE)
  expect((await browser).status).toBe(200)
})

test("an error with the right state and iss counts", async () => {
  const { server, answer } = await waiting()
  const browser = send(server, { path: query({ error: "access_denied", state: STATE, iss: ISSUER }) })
  const accepted = await answer
  expect(accepted).toMatchObject({ error: "access_denied" })
  await accepted.respond(SIGNED_IN_PAGE)
  await browser
})

test("the browser is held until its page is decided, and a browser that left does no harm", async () => {
  const { server, answer } = await waiting()
  const browser = httpRequest({ host: "127.0.0.1", port: server.port, path: RIGHT, agent: false })
  browser.on("error", () => {})
  browser.end()
  const accepted = await answer
  const gone = new Promise((resolve) => browser.once("close", resolve))
  browser.destroy()
  await gone
  await accepted.respond(SIGNED_IN_PAGE)
})

test("after the time limit: timeout", async () => {
  const { answer } = await waiting({ timeoutMs: 10 })
  await expect(answer).rejects.toMatchObject({
    code: "timeout",
    message: "No sign-in arrived from the browser within 0.01 s.",
  })
})

test("aborted, before or while waiting: aborted", async () => {
  const { answer: before } = await waiting({ signal: AbortSignal.abort() })
  await expect(before).rejects.toMatchObject({ code: "aborted" })
  const controller = new AbortController()
  const { answer } = await waiting({ signal: controller.signal })
  controller.abort()
  await expect(answer).rejects.toMatchObject({ code: "aborted" })
})
