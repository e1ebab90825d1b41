import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, expect, test } from "vitest"
import { createTokenService } from "../token-service.ts"
import { openSqliteStore } from "./sqlite.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-revoke-client-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** A file with so many sessions of one client, and as many of another, all of different accounts. */
async function openFile(name: string, sessionsEach: number) {
  const path = join(directory, name)
  const store = await openSqliteStore(path)
  const tokens = createTokenService({ store })
  const { token } = await tokens.createSession({
    ...{ accountId: "a", clientId: "template", scopes: [], device: {} },
    expiresInSeconds: 600,
  })
  const database = new DatabaseSync(path)
  database.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${2 * sessionsEach})
    INSERT INTO authchemy_sessions
      SELECT hex(randomblob(16)), tag, 'id-' || n, 'account-' || n, device, created_at, last_used_at, expires_at,
        CASE n % 2 WHEN 0 THEN 'doomed' ELSE 'spared' END, scopes, key_thumbprint, family
      FROM authchemy_sessions, numbers WHERE client_id = 'template'`)
  const countOf = (clientId: string) =>
    database.prepare("SELECT count(*) AS n FROM authchemy_sessions WHERE client_id = ?").get(clientId)?.n
  const close = async () => {
    database.close()
    await tokens.close()
  }
  return { store, tokens, token, database, countOf, close }
}

test("thousands end in transactions of 200 at most, each on the feed, and the rest stays", async () => {
  const { store, tokens, token, database, countOf, close } = await openFile("many.db", 2_500)
  const batches: number[] = []
  for await (const { sessions, items } of store.revokeClient("doomed", Date.now())) {
    expect(items).toHaveLength(sessions.length)
    batches.push(sessions.length)
    expect(countOf("doomed")).toBe(2_500 - batches.reduce((sum, one) => sum + one, 0))
  }
  expect(Math.max(...batches)).toBeLessThanOrEqual(200)
  expect([countOf("doomed"), countOf("spared")]).toEqual([0, 2_500])
  expect(await tokens.verify(token)).not.toBeNull()
  expect(database.prepare("SELECT count(*) AS n FROM authchemy_feed").get()?.n).toBe(batches.length)
  await close()
})

test("while it goes on, others get their turn, and may write", async () => {
  const { tokens, countOf, close } = await openFile("turns.db", 2_500)
  let isOver = false
  const revoking = tokens.revokeClient("doomed").finally(() => {
    isOver = true
  })
  let writes = 0
  while (!isOver) {
    await tokens.keep(`name-${writes}`, "text", Date.now() + 60_000)
    writes++
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await revoking).toBe(2_500)
  expect(countOf("doomed")).toBe(0)
  expect(writes).toBeGreaterThan(3)
  await close()
})

test("where there is none, what was ended before is still waited for", async () => {
  const { store, close } = await openFile("none.db", 1)
  const told: unknown[] = []
  for await (const revocation of store.revokeClient("nobody", Date.now())) told.push(revocation)
  expect(told).toEqual([{ sessions: [], items: [], unsettled: true }])
  await close()
})
