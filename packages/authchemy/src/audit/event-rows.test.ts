import fc from "fast-check"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { Database } from "../database/database.ts"
import { onEachDatabase } from "../database/testing.ts"
import { insertEvents, isCursor, listEvents } from "./event-rows.ts"
import { recordedEvent } from "./recorded.ts"
import { BROWSER, openAuditDatabases, SIGNED_IN } from "./testing.ts"
import { deliveryOf } from "./webhook-outbox.ts"

const at = "2026-11-23T22:05:00.000Z"
const events = (count: number) =>
  Array.from({ length: count }, (_, index) => recordedEvent(SIGNED_IN, BROWSER, { id: `evt_${index}`, at }))

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  let database: Database
  beforeEach(async () => {
    databases = await openAuditDatabases(under)
    database = databases.open()
  })
  afterEach(() => databases.close())
  const kept = async () => (await listEvents(database, { limit: 1_000 })).events.length

  test.each([0, 1, 255, 256, 257, 700])("%i are written, again too, and each once", async (count) => {
    await insertEvents(database, events(count), deliveryOf)
    await insertEvents(database, events(count), deliveryOf)
    expect(await kept()).toBe(count)
    expect(await database.selectFrom("webhook_delivery").select("id").execute()).toHaveLength(count)
  })

  test("where a delivery cannot be written, its event is not, nor any other of the batch", async () => {
    await sql`DROP TABLE webhook_delivery`.execute(database)
    await expect(insertEvents(database, events(300), deliveryOf)).rejects.toThrow()
    expect(await kept()).toBe(0)
    await insertEvents(database, events(300), null)
    expect(await kept()).toBe(300)
  })
})

test("a text that is no cursor is known as one", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !isCursor(text)))
  expect(isCursor(Buffer.from('["a",1]').toString("base64url"))).toBe(false)
  expect(isCursor(Buffer.from('["a","b"]').toString("base64url"))).toBe(true)
})
