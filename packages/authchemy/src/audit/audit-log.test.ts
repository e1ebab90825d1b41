import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setImmediate as turn } from "node:timers/promises"
import fc from "fast-check"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { type Database, openDatabase } from "../database/database.ts"
import { migrations } from "../database/migrations.ts"
import { onEachDatabase } from "../database/testing.ts"
import { loggedAccountId } from "./account-id.ts"
import { type AuditLog, openAuditLog } from "./audit-log.ts"
import { AUDIT_EVENT_TYPES, type AuditQuery, type RecordedEvent } from "./events.ts"
import { withOrigin } from "./origin.ts"
import {
  BROWSER,
  createTestLogger,
  createVirtualTime,
  openAuditDatabases,
  SIGNED_IN,
  START,
} from "./testing.ts"

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  let database: Database
  let time: ReturnType<typeof createVirtualTime>
  let log: ReturnType<typeof createTestLogger>
  let audit: AuditLog
  const open = (on = database) =>
    openAuditLog({
      database: on,
      now: time.now,
      logger: log.logger,
      retentionDays: 30,
      webhook: null,
      timer: time.timer,
    })
  beforeEach(async () => {
    databases = await openAuditDatabases(under)
    database = databases.open()
    time = createVirtualTime()
    log = createTestLogger()
    audit = open()
  })
  afterEach(async () => {
    await audit.close()
    await databases.close()
  })
  const all = async (query: Partial<AuditQuery> = {}) => (await audit.list({ limit: 1_000, ...query })).events

  test("what is recorded is listed at once, with the origin of the call that it was made in", async () => {
    await withOrigin(BROWSER, async () => {
      await turn()
      audit.record({
        type: "token.issued",
        accountId: "ada",
        sessionId: "ses_1",
        clientId: "alchemy-cli",
        device: { name: "ann-laptop", os: "Linux" },
        details: { approvalId: "abc", count: 2, refreshable: false },
      })
    })
    audit.record({ type: "token.revoked", accountId: "ada" })
    expect(await all()).toEqual([
      {
        id: expect.stringMatching(/^evt_[0-9a-f]{28}$/),
        at: new Date(START).toISOString(),
        type: "token.revoked",
        accountId: "ada",
        sessionId: null,
        clientId: null,
        device: {},
        origin: { actor: "server", address: null, agent: null },
        details: {},
      },
      {
        id: expect.any(String),
        at: new Date(START).toISOString(),
        type: "token.issued",
        accountId: "ada",
        sessionId: "ses_1",
        clientId: "alchemy-cli",
        device: { name: "ann-laptop", os: "Linux" },
        origin: BROWSER,
        details: { approvalId: "abc", count: 2, refreshable: false },
      },
    ])
  })

  test("S45 no token, key or secret is in the database, and no text breaks it", async () => {
    const secrets = ["at", "ak", "rt", "ac"].map((kind) => `alchemy_${kind}_${"Q".repeat(40)}`)
    const text = `${secrets.join(" ")} whsec_${"Q".repeat(40)}\u0000\ud800\u2028'";--`
    withOrigin({ actor: "browser", address: text, agent: text }, () =>
      audit.record({
        type: "sign_in.failed",
        accountId: null,
        sessionId: text,
        clientId: text,
        device: { name: text },
        details: { reason: text, [text]: text },
      }),
    )
    expect(await all()).toHaveLength(1)
    const { rows } = await sql`SELECT * FROM audit_event`.execute(database)
    expect(JSON.stringify(rows)).not.toContain("QQ")
    expect(JSON.stringify(rows)).toContain("alchemy_at_…")
  })

  test("pages and filters give what a plain list of all gives", async () => {
    const Event = fc.record({
      type: fc.constantFrom(...AUDIT_EVENT_TYPES.slice(0, 3)),
      accountId: fc.constantFrom("ada", "Bob", "_bob", null),
      laterMs: fc.constantFrom(0, 0, 1, 1_000),
    })
    const Query = fc.record(
      {
        accountId: fc.constantFrom("ada", "Bob", "_bob", "nobody"),
        types: fc.subarray(AUDIT_EVENT_TYPES.slice(0, 3), { minLength: 1 }),
        sinceMs: fc.nat(20_000),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(Event, { maxLength: 60, size: "max" }),
        Query,
        fc.integer({ min: 1, max: 20 }),
        async (events, { sinceMs, ...query }, limit) => {
          await sql`DELETE FROM audit_event`.execute(database)
          const begin = time.now()
          for (const { laterMs, ...event } of events) {
            time.pass(laterMs)
            audit.record({ ...event, details: { at: time.now() } })
          }
          const since = sinceMs === undefined ? {} : { since: new Date(begin + sinceMs).toISOString() }
          const paged: RecordedEvent[] = []
          let cursor: string | null | undefined
          while (cursor !== null && paged.length <= events.length) {
            const page = await audit.list({ ...query, ...since, limit, ...(cursor && { cursor }) })
            expect(page.events.length).toBeLessThanOrEqual(limit)
            paged.push(...page.events)
            cursor = page.cursor
          }
          const expected = (await all())
            .filter(({ accountId }) => query.accountId === undefined || accountId === query.accountId)
            .filter(({ type }) => query.types?.some((one) => one === type) ?? true)
            .filter(({ details }) => sinceMs === undefined || Number(details.at) >= begin + sinceMs)
          expect(paged).toEqual(expected)
          expect((await all()).map(({ type }) => type)).toEqual(events.map(({ type }) => type).reverse())
          time.pass(2_001)
        },
      ),
      { numRuns: 25 },
    )
  })

  test("a cursor that no list has given is refused", async () => {
    await expect(audit.list({ limit: 1, cursor: "made-up" })).rejects.toThrow(RangeError)
  })

  test("a thousand at once are written in few statements, none is lost, and an account sees its own", async () => {
    for (let at = 0; at < 1_111; at++) audit.record({ ...SIGNED_IN, accountId: at % 2 ? "ada" : "bob" })
    expect(await all({ accountId: "ada" })).toHaveLength(555)
    expect(await all({ accountId: "bob" })).toHaveLength(556)
  })

  test("while the table cannot be written, events wait, and come in their order", async () => {
    await sql`ALTER TABLE audit_event RENAME TO away`.execute(database)
    audit.record(SIGNED_IN)
    await expect(audit.flushed()).rejects.toThrow()
    await expect(audit.list({ limit: 1 })).rejects.toThrow()
    time.pass(5)
    audit.record({ type: "sign_out", accountId: "ada" })
    await sql`ALTER TABLE away RENAME TO audit_event`.execute(database)
    time.pass(5_000)
    await vi.waitFor(async () => {
      expect(await database.selectFrom("audit_event").selectAll().execute()).toHaveLength(2)
    })
    expect((await all()).map(({ type }) => type)).toEqual(["sign_out", "sign_in.succeeded"])
    const told = log.lines.filter(({ sentence }) => sentence.startsWith("the audit log"))
    expect(told.map(({ level }) => level)).toEqual(["warn"])
  })

  test("an event that the database never takes does not keep others out, nor the log from being read", async () => {
    await sql`DROP TABLE audit_event`.execute(database)
    await sql`CREATE TABLE audit_event (id TEXT PRIMARY KEY, at TEXT, type TEXT CHECK (type <> 'sign_out'), account_id TEXT,
      session_id TEXT, client_id TEXT, device TEXT, actor TEXT, address TEXT, agent TEXT, details TEXT)`.execute(
      database,
    )
    for (const type of ["browser.ended", "sign_out", "token.issued"] as const)
      audit.record({ type, accountId: "ada", device: { name: "of-ada" } })
    expect((await all()).map(({ type }) => type)).toEqual(["token.issued", "browser.ended"])
    audit.record({ type: "sign_out", accountId: "ada" })
    expect(await all()).toHaveLength(2)
    const reason = under.name === "SQLite" ? "SQLite 19" : "23514"
    const lost = { event: "sign_out", reason }
    const told = log.lines.filter(({ sentence }) => sentence.includes("does not take"))
    expect(told.map(({ level, data }) => [level, data])).toEqual([
      ["error", lost],
      ["error", lost],
    ])
  })

  test("whatever an account's id is, its events are kept, and are nobody else's to see", async () => {
    // Nothing that an index could keep by compressing it.
    const random = randomBytes(10_000).toString("base64")
    const long = [random, `${random}x`, "é".repeat(513), "漢".repeat(512)]
    const ids = [...long, "a\u0000", "a\ufffd", "a\ud800", "a\udbff", loggedAccountId(random), "A", "a"]
    ids.forEach((accountId, at) => {
      audit.record({ ...SIGNED_IN, accountId, details: { at } })
    })
    for (const [at, accountId] of ids.entries())
      expect((await all({ accountId })).map(({ details }) => details.at)).toEqual([at])
    expect(log.lines).toEqual([])
  })

  test("a process that says nothing of days clears nothing away", async () => {
    audit.record(SIGNED_IN)
    await audit.flushed()
    time.pass(40 * 24 * 3_600_000)
    await audit.close()
    const [clock, lines] = [{ now: time.now, timer: time.timer }, { logger: log.logger }]
    const command = openAuditLog({ database, ...clock, ...lines, retentionDays: null, webhook: null })
    expect((await command.list({ limit: 9 })).events).toHaveLength(1)
    await command.close()
    expect(await database.selectFrom("audit_event").select("id").execute()).toHaveLength(1)
    audit = open()
    await vi.waitFor(async () => {
      expect(await database.selectFrom("audit_event").select("id").execute()).toEqual([])
    })
  })

  test("a batch whose answer was lost is written once", async () => {
    let lose = true
    const lossy = new Proxy(database, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target)
        if (property !== "transaction" || !lose)
          return typeof value === "function" ? value.bind(target) : value
        return () => ({
          execute: async (work: (on: Database) => Promise<void>) => {
            await target.transaction().execute(work)
            lose = false
            throw new Error("the answer was lost")
          },
        })
      },
    })
    const other = open(lossy)
    for (let at = 0; at < 3; at++) other.record(SIGNED_IN)
    await expect(other.flushed()).rejects.toThrow("lost")
    await other.close()
    expect(await all()).toHaveLength(3)
  })

  test("closing loses nothing, what is written just then included", async () => {
    for (let at = 0; at < 600; at++) audit.record(SIGNED_IN)
    await turn()
    for (let at = 0; at < 100; at++) audit.record(SIGNED_IN)
    await audit.close()
    audit = open()
    expect(await all()).toHaveLength(700)
    expect(log.lines).toEqual([])
  })

  test("several processes' events are one list", async () => {
    const other = open(databases.open())
    audit.record(SIGNED_IN)
    await audit.flushed()
    time.pass(1)
    other.record({ type: "sign_out", accountId: "ada" })
    await other.close()
    expect((await all()).map(({ type }) => type)).toEqual(["sign_out", "sign_in.succeeded"])
  })
})

test("where SQLite is held by another process, the answer is an error that says so", async () => {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-audit-"))
  const path = join(directory, "authchemy.db")
  const database = openDatabase(path, { busyLimitMs: 0 })
  await migrations["004-audit-log"]?.up(database)
  const { now, timer } = createVirtualTime()
  const { logger } = createTestLogger()
  const audit = openAuditLog({ database, now, logger, retentionDays: 1, webhook: null, timer })
  await turn()
  const other = new DatabaseSync(path)
  other.exec("BEGIN IMMEDIATE")
  audit.record(SIGNED_IN)
  await expect(audit.list({ limit: 1 })).rejects.toMatchObject({ code: "store_unavailable" })
  other.exec("ROLLBACK")
  other.close()
  expect((await audit.list({ limit: 1 })).events).toHaveLength(1)
  await audit.close()
  await database.destroy()
  await rm(directory, { recursive: true })
})
