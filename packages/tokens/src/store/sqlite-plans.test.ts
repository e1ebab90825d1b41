import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, expect, test, vi } from "vitest"
import { openSqliteStore } from "./sqlite.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-plans-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** Tables of a few rows: one a process, one a counter. */
const SMALL = ["SCAN authchemy_followers", "SCAN sqlite_sequence", "SCAN CONSTANT ROW"]
/** A walk over a whole table, or over all that lies ahead, such as whatever has not expired. */
const WALK = /SCAN|>\?\)$/
/** The feed is read in its order, a few rows at a time. */
const FEED = /authchemy_feed\b/
/** So are all sessions, where those of one client are looked for. */
const ALL_SESSIONS = "SEARCH authchemy_sessions USING PRIMARY KEY (digest>?)"

test("every statement of the store finds its rows by an index, however many there are", async () => {
  const path = join(directory, "plans.db")
  const prepare = vi.spyOn(DatabaseSync.prototype, "prepare")
  const store = await openSqliteStore(path)
  const statements = new Set(prepare.mock.calls.map(([sql]) => sql))
  prepare.mockRestore()
  await store.close()

  const database = new DatabaseSync(path)
  const walks: string[] = []
  let looked = 0
  for (const sql of statements) {
    if (!/^\s*(SELECT|INSERT|UPDATE|DELETE)/.test(sql) || !sql.includes("authchemy_")) continue
    looked++
    for (const { detail } of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
      const step = String(detail)
      const isInOrder = FEED.test(step) || step === ALL_SESSIONS
      const isBounded = SMALL.includes(step) || (isInOrder && sql.includes("LIMIT"))
      if (WALK.test(step) && !isBounded) walks.push(`${step}: ${sql}`)
    }
  }
  database.close()
  expect(looked).toBeGreaterThan(30)
  expect(walks).toEqual([])
})
