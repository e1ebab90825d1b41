import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, afterEach, expect, test, vi } from "vitest"
import { TOMBSTONE_MS } from "../revocation/feed-log.ts"
import { createTokenService } from "../token-service.ts"
import { OFFLINE_GRANT, rotation, withRefreshToken } from "./contract/setting.ts"
import { openSqliteStore } from "./sqlite.ts"
import { connectToSqlite, type SqliteConnection } from "./sqlite-connection.ts"
import { createSqliteSweeper, SWEEP_MS, SWEEP_ROWS } from "./sqlite-sweeper.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-sweeper-"))
afterAll(() => rmSync(directory, { recursive: true }))
afterEach(() => {
  vi.useRealTimers()
})

const EXPIRED = 1_000
const NOW = 10_000_000

/** Fills every table with this many rows that have expired, and one each that has not. */
function fill({ database }: SqliteConnection, rows: number) {
  const series = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ${rows})`
  const expiry = `iif(i > ${rows}, ${NOW + 1}, ${EXPIRED})`
  database.exec(`BEGIN;
    INSERT INTO authchemy_codes ${series}
      SELECT 'c' || i, 't', 'a', NULL, NULL, '{}', ${expiry}, NULL, ${expiry}, 'c', '', NULL, 1 FROM n;
    INSERT INTO authchemy_sessions ${series}
      SELECT 's' || i, 't', 'i' || i, 'a', '{}', 0, 0, ${expiry}, 'c', '', NULL, NULL FROM n;
    INSERT INTO authchemy_refresh ${series} SELECT 's' || i, 'r', NULL, NULL, NULL, 'a', NULL FROM n;
    INSERT INTO authchemy_devices ${series}
      SELECT 'd' || i, 'u' || i, 't', 'c', '', '{}', '', NULL, 0, ${expiry}, 'pending', NULL, 0, NULL, ${expiry} FROM n;
    INSERT INTO authchemy_kept ${series} SELECT 'k' || i, '', ${expiry} FROM n;
    INSERT INTO authchemy_feed (items, at) ${series} SELECT 't.x', iif(i > ${rows}, ${NOW}, ${EXPIRED}) FROM n;
    COMMIT`)
}

const TABLES = ["codes", "sessions", "refresh", "devices", "kept", "feed"]
const rowsOf = ({ database }: SqliteConnection) =>
  TABLES.map((table) => Number(database.prepare(`SELECT count(*) AS n FROM authchemy_${table}`).get()?.n))

test("a write takes a few expired rows of its kind with it, and no others", async () => {
  const connection = await connectToSqlite(join(directory, "few.db"))
  const sweeper = createSqliteSweeper(connection)
  fill(connection, 20)
  const kinds = ["codes", "sessions", "devices", "kept", "feed"] as const
  for (const kind of kinds) await connection.writing(() => sweeper.sweep(kind, NOW))
  expect(rowsOf(connection)).toEqual(Array(6).fill(21 - SWEEP_ROWS))
  for (let round = 0; round < 5; round++) {
    for (const kind of kinds) await connection.writing(() => sweeper.sweep(kind, NOW))
  }
  expect(rowsOf(connection)).toEqual(Array(6).fill(1))
  sweeper.close()
  connection.database.close()
})

test("a file full of expired rows empties in small steps by itself, without a write, and stops when it is closed", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  const connection = await connectToSqlite(join(directory, "idle.db"))
  const noting = vi.spyOn(connection, "noting")
  const sweeper = createSqliteSweeper(connection)
  fill(connection, 1_000)
  await vi.advanceTimersByTimeAsync(SWEEP_MS * 2)
  expect(rowsOf(connection)).toEqual(Array(6).fill(1_001))
  sweeper.noteTime(NOW)
  await vi.advanceTimersByTimeAsync(SWEEP_MS)
  const left = rowsOf(connection)
  expect(Math.max(...left)).toBeLessThan(1_001)
  await vi.advanceTimersByTimeAsync(SWEEP_MS)
  expect(rowsOf(connection)).toEqual(Array(6).fill(1))
  expect(noting.mock.calls.length).toBeGreaterThanOrEqual(50)
  sweeper.close()
  connection.database.close()
  expect(vi.getTimerCount()).toBe(0)
})

test("a step that fails is made again later", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  const connection = await connectToSqlite(join(directory, "fails.db"))
  const noting = vi.fn(connection.noting)
  const sweeper = createSqliteSweeper({ ...connection, noting: noting as typeof connection.noting })
  fill(connection, 10)
  sweeper.noteTime(NOW)
  noting.mockRejectedValueOnce(new Error("database or disk is full"))
  await vi.advanceTimersByTimeAsync(SWEEP_MS)
  expect(rowsOf(connection)).toEqual(Array(6).fill(11))
  await vi.advanceTimersByTimeAsync(SWEEP_MS)
  expect(rowsOf(connection)).toEqual(Array(6).fill(1))
  sweeper.close()
  connection.database.close()
})

test("entries from before the clock was set back do not stay, nor keep later ones", async () => {
  const connection = await connectToSqlite(join(directory, "set-back.db"))
  const sweeper = createSqliteSweeper(connection)
  const append = connection.database.prepare("INSERT INTO authchemy_feed (items, at) VALUES ('t.x', ?)")
  append.run(NOW + 86_400_000)
  append.run(NOW - TOMBSTONE_MS - 1)
  append.run(NOW - TOMBSTONE_MS + 1)
  await connection.writing(() => sweeper.sweep("feed", NOW))
  expect(connection.database.prepare("SELECT number FROM authchemy_feed").all()).toEqual([{ number: 3 }])
  sweeper.close()
  connection.database.close()
})

test("refreshing takes expired sessions with it too", async () => {
  const path = join(directory, "refreshing.db")
  let now = Date.now()
  const tokens = createTokenService({ store: await openSqliteStore(path), now: () => now })
  const request = { ...OFFLINE_GRANT, accountId: "ada", expiresInSeconds: 90 * 86_400, device: {} }
  const lasting = await withRefreshToken(tokens.createSession(request))
  for (let index = 0; index < 5; index++) {
    await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "bob", expiresInSeconds: 60, device: {} })
  }
  now += 61_000
  await tokens.refresh(rotation(lasting.refreshToken))
  const { database } = await connectToSqlite(path)
  const count = "SELECT count(*) AS n FROM authchemy_sessions WHERE account_id = 'bob'"
  expect(database.prepare(count).get()?.n).toBe(0)
  database.close()
  await tokens.close()
})
