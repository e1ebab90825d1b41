import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { openServices } from "../services.ts"

test("servers that start at the same moment on a new directory all come up, on one schema", async () => {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-migrate-"))
  const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory })
  const first = await openServices(config, () => {})
  const again = await openServices(config, () => {})
  const applied = await again.database
    .selectFrom("kysely_migration" as never)
    .selectAll()
    .execute()
  expect(applied).toHaveLength(1)
  await Promise.all([first.ready(), again.ready()])
  await first.close()
  await again.close()
  await rm(directory, { recursive: true })
})
