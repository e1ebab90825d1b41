import { once } from "node:events"
import { connect } from "node:net"
import { text as textOf } from "node:stream/consumers"
import { Hono } from "hono"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Listener, listen } from "../listen.ts"
import { METRICS_PATH, showMetrics } from "./metrics.ts"

const TOKEN = "metrics-token-0123456789"
const metricsText = async () => "authchemy_workers 1\n"

let listener: Listener
beforeAll(async () => {
  const app = new Hono()
  app.get("/open", showMetrics({ metricsToken: null, metricsText }))
  app.get(METRICS_PATH, showMetrics({ metricsToken: TOKEN, metricsText }))
  listener = await listen({ fetch: app.fetch, host: "127.0.0.1", port: 0 })
})
afterAll(() => listener.close())

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${listener.port}${path}`, { headers })

test("without a token, programs on this machine may read", async () => {
  const answer = await ask("/open")
  expect(answer.status).toBe(200)
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  expect(answer.headers.get("cache-control")).toBe("no-store")
  expect(await answer.text()).toBe("authchemy_workers 1\n")
})

test.each(["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"])(
  "who comes through a proxy, as %s tells, finds nothing",
  async (header) => {
    expect((await ask("/open", { [header]: "127.0.0.1" })).status).toBe(404)
  },
)

test("a request without a socket finds nothing", async () => {
  const app = new Hono()
  app.get("/open", showMetrics({ metricsToken: null, metricsText }))
  expect((await app.request("/open")).status).toBe(404)
})

test.each([
  ["none", {}, 404],
  ["another one", { authorization: "Bearer metrics-token-0123456780" }, 404],
  ["a longer one", { authorization: `Bearer ${TOKEN}x` }, 404],
  ["another scheme", { authorization: `Basic ${TOKEN}` }, 404],
  ["the right one", { authorization: `Bearer ${TOKEN}` }, 200],
  ["the right one through a proxy", { authorization: `bearer ${TOKEN}`, "x-forwarded-for": "1.2.3.4" }, 200],
])("S53 with a token set, who brings %s", async (_what, headers, status) => {
  const answer = await ask(METRICS_PATH, headers)
  expect(answer.status).toBe(status)
  expect(await answer.text()).not.toContain(TOKEN)
})

test("two tokens in one request are refused", async () => {
  const socket = connect(listener.port, "127.0.0.1")
  await once(socket, "connect")
  socket.end(
    `GET ${METRICS_PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN} x\r\nConnection: close\r\n\r\n`,
  )
  expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 404 /)
})
