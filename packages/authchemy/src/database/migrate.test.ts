import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { openServices } from "../services.ts"
import { migrations } from "./migrations.ts"

test("servers that start at the same moment on a new directory all come up, on one schema and one secret", async () => {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-migrate-"))
  const config = parseConfig({ AUTHCHEMY_DATA_DIR: join(directory, "new") })
  const servers = await Promise.all(Array.from({ length: 4 }, () => openServices(config, () => {})))
  expect(new Set(servers.map(({ secret }) => secret)).size).toBe(1)
  for (const { database, ready } of servers) {
    const applied = await sql`SELECT name FROM kysely_migration`.execute(database)
    expect(applied.rows).toHaveLength(Object.keys(migrations).length)
    await ready()
  }
  await Promise.all(servers.map((server) => server.close()))
  await rm(directory, { recursive: true })
})
