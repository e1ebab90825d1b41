import { Hono } from "hono"
import { expect, test } from "vitest"
import { createLogger } from "../logging.ts"
import { type AppEnv, createRequestLog, requestLog } from "./request-log.ts"

function open() {
  const lines: string[] = []
  const observed: unknown[][] = []
  const log = createRequestLog(createLogger({ write: (line) => lines.push(line) }), (...request) =>
    observed.push(request),
  )
  const app = new Hono<AppEnv>()
  app.use(requestLog(log))
  app.get("/things/:id", (c) => c.text(c.get("requestId")))
  app.all("/things/:id", (c) => c.text("no", 405))
  return { app, log, lines, observed }
}

test("a request is observed by its route, so that there are only so many; what has none, as one", async () => {
  const { app, observed } = open()
  await app.request("/things/1")
  await app.request("/things/2?x=1", { method: "POST" })
  await app.request("/nowhere/at/all")
  const seconds = expect.closeTo(0, 0)
  expect(observed).toEqual([
    ["/things/:id", "GET", 200, seconds],
    ["/things/:id", "POST", 405, seconds],
    ["/*", "GET", 404, seconds],
  ])
})

test("each request has an id of its own, which routes and the log are told; another log's are others", async () => {
  const { app, log, lines } = open()
  const told = await (await app.request("/things/1")).text()
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ id: told, path: "/things/1", status: 200 })
  const ids = [told, log.begin().id, log.begin().id, open().log.begin().id]
  expect(new Set(ids).size).toBe(4)
})

test("S53 a token that stands in a path is blacked out", async () => {
  const { app, lines } = open()
  await app.request("/things/alchemy_at_abc123")
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ path: "/things/alchemy_at_…" })
})

test("a verifier's heartbeat is not logged while it goes well, and observed all the same", () => {
  const { log, lines, observed } = open()
  const heartbeat = { method: "POST", path: "/oauth/revocations", route: "/oauth/revocations" }
  log.end(log.begin(), { ...heartbeat, status: 200 })
  expect(lines).toEqual([])
  log.end(log.begin(), { ...heartbeat, status: 503 })
  expect(lines).toHaveLength(1)
  expect(observed).toHaveLength(2)
})

test("paths with parameters are logged as they are, each with its own", async () => {
  const { app, lines } = open()
  for (const id of ["1", "2", "1"]) await app.request(`/things/${id}`)
  expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual([
    "/things/1",
    "/things/2",
    "/things/1",
  ])
})
