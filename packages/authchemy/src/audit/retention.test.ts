import { sql } from "kysely"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Database } from "../database/database.ts"
import { onEachDatabase } from "../database/testing.ts"
import { insertEvents } from "./event-rows.ts"
import { recordedEvent } from "./recorded.ts"
import { keepForDays } from "./retention.ts"
import {
  BROWSER,
  createTestLogger,
  createVirtualTime,
  openAuditDatabases,
  SIGNED_IN,
  START,
} from "./testing.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  let database: Database
  beforeEach(async () => {
    databases = await openAuditDatabases(under)
    database = databases.open()
  })
  afterEach(() => databases.close())

  const put = (count: number, ageMs: number) => {
    const at = new Date(START - ageMs).toISOString()
    const events = Array.from({ length: count }, (_, index) =>
      recordedEvent(SIGNED_IN, BROWSER, { id: `evt_${ageMs}_${index}`, at }),
    )
    return insertEvents(database, events, ({ id }) => ({ id, body: "{}", attempts: 1, next_attempt_at: at }))
  }
  const count = async (table: string) => {
    const { rows } = await sql<{ n: number | string }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(
      database,
    )
    return Number(rows[0]?.n)
  }

  test("what is older goes, in batches, at once and every hour; what is younger stays", async () => {
    const time = createVirtualTime()
    const log = createTestLogger()
    await put(1_203, 30 * DAY_MS + 1)
    await put(2, 30 * DAY_MS - HOUR_MS / 2)
    await put(3, 0)
    for (const [network, ageMs] of [
      ["192.0.2.1", 31 * DAY_MS],
      ["192.0.2.2", 0],
    ] as const) {
      const first_used_at = new Date(START - ageMs).toISOString()
      await database
        .insertInto("access_key_address")
        .values({ key_id: "key_1", network, first_used_at })
        .execute()
    }
    const retention = keepForDays({
      database,
      days: 30,
      now: time.now,
      timer: time.timer,
      logger: log.logger,
    })
    await vi.waitFor(() => expect(time.nextIn()).toBe(HOUR_MS))
    expect(await count("audit_event")).toBe(5)
    expect(await count("webhook_delivery")).toBe(5)
    const known = await database.selectFrom("access_key_address").select("network").execute()
    expect(known).toEqual([{ network: "192.0.2.2" }])
    time.pass(HOUR_MS)
    await vi.waitFor(() => expect(time.nextIn()).toBe(HOUR_MS))
    expect(await count("audit_event")).toBe(3)
    await retention.close()
    expect(time.nextIn()).toBeNull()
    expect(log.lines).toEqual([])
  })

  test("where the database is out of reach, the log says so and it is tried again", async () => {
    const time = createVirtualTime()
    const log = createTestLogger()
    await sql`ALTER TABLE audit_event RENAME TO away`.execute(database)
    const retention = keepForDays({ database, days: 1, now: time.now, timer: time.timer, logger: log.logger })
    await vi.waitFor(() => expect(time.nextIn()).toBe(HOUR_MS))
    expect(log.lines.map(({ level }) => level)).toEqual(["warn"])
    await retention.close()
  })
})
