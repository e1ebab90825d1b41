import { ActivityPage } from "@authchemy/protocol"
import { Hono } from "hono"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type AuditLog, openAuditLog } from "../audit/audit-log.ts"
import { withOrigin } from "../audit/origin.ts"
import {
  BROWSER,
  createTestLogger,
  createVirtualTime,
  openAuditDatabases,
  SIGNED_IN,
} from "../audit/testing.ts"
import { onEachDatabase } from "../database/testing.ts"
import { createLogger } from "../logging.ts"
import { errorResponse } from "../middleware/error-response.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { listActivity } from "./activity-routes.ts"
import type { AdminEnv } from "./authenticate.ts"
import { dataIn, expectRefusal } from "./testing.ts"

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  let audit: AuditLog
  let app: Hono<AppEnv>
  beforeEach(async () => {
    databases = await openAuditDatabases(under)
    const { now, timer } = createVirtualTime()
    const { logger } = createTestLogger()
    const database = databases.open()
    audit = openAuditLog({ database, now, timer, logger, retentionDays: 30, webhook: null })
    const api = new Hono<AdminEnv>()
    api.use("*", async (c, next) => {
      const account = { id: "ada", email: "ada@example.com", name: "Ada" }
      const credential = { type: "session" } as AdminEnv["Variables"]["caller"]["credential"]
      c.set("caller", { account, credential, scopes: ["account:read"] })
      await next()
    })
    api.get("/v1/activity", listActivity(audit))
    app = new Hono<AppEnv>().route("/", api)
    app.onError(errorResponse(createLogger({ write: () => {} })))
  })
  afterEach(async () => {
    await audit.close()
    await databases.close()
  })
  const get = async (query = "") => app.request(`/v1/activity${query}`)
  const page = (query?: string) => dataIn(get(query), ActivityPage)

  test("the caller's events are told, the newest first, and nobody else's", async () => {
    withOrigin(BROWSER, () => audit.record(SIGNED_IN))
    audit.record({ ...SIGNED_IN, accountId: "grace" })
    audit.record({ type: "sign_in.failed", accountId: null })
    audit.record({ type: "sign_out", accountId: "ada" })
    const { events, cursor } = await page()
    expect(events.map(({ type }) => type)).toEqual(["sign_out", "sign_in.succeeded"])
    expect(events[1]).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: "sign_in.succeeded",
      at: "2026-11-23T22:05:00.000Z",
      accountId: "ada",
      sessionId: null,
      clientId: null,
      device: {},
      origin: BROWSER,
      details: { method: "password" },
    })
    expect(cursor).toBeUndefined()
  })

  test("pages have 25 events unless told otherwise, and lead from one to the next", async () => {
    for (let at = 0; at < 30; at++) audit.record({ ...SIGNED_IN, details: { at } })
    const first = await page()
    expect(first.events).toHaveLength(25)
    const second = await page(`?cursor=${first.cursor}&limit=100`)
    expect(second.cursor).toBeUndefined()
    expect([...first.events, ...second.events].map(({ details }) => details.at)).toEqual(
      Array.from({ length: 30 }, (_, at) => 29 - at),
    )
  })

  test("one type can be asked for", async () => {
    audit.record(SIGNED_IN)
    audit.record({ type: "sign_out", accountId: "ada" })
    expect((await page("?type=sign_out")).events).toHaveLength(1)
  })

  test("another account's cursor shows nothing of it", async () => {
    for (let at = 0; at < 3; at++) audit.record({ ...SIGNED_IN, accountId: "grace" })
    const { cursor } = await audit.list({ accountId: "grace", limit: 1 })
    expect(await page(`?cursor=${cursor}`)).toEqual({ events: [] })
  })

  test.each([
    ["?limit=0", /^limit: must be a whole number from 1 to 100/],
    ["?limit=101", /^limit/],
    ["?limit=ten", /^limit/],
    ["?cursor=made-up", /^cursor: must be one that a list has given/],
    ["?type=made.up", /^type: must be one of account\.created, /],
    ["?type=sign_out&type=sign_out", /^type: must be there once/],
  ])("%s is refused, naming the parameter", async (query, message) => {
    await expectRefusal(get(query), 400, "invalid_request", message)
  })

  test("where the database is out of reach, the answer is an error", async () => {
    await audit.close()
    await databases.close()
    const { status } = await get()
    expect(status).toBeGreaterThanOrEqual(500)
    databases = await openAuditDatabases(under)
  })
})
