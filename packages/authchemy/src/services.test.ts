import { randomInt } from "node:crypto"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, inject, test } from "vitest"
import { parseConfig } from "./config.ts"
import { createMigratedDatabase, onPostgres } from "./database/testing.ts"
import { openServices } from "./services.ts"

onPostgres(() => {
  test("with PostgreSQL and Redis, nothing is kept on this machine", async () => {
    const directory = await mkdtemp(join(tmpdir(), "authchemy-services-"))
    const config = parseConfig({
      AUTHCHEMY_DATA_DIR: join(directory, "unused"),
      AUTHCHEMY_DATABASE_URL: await createMigratedDatabase(),
      AUTHCHEMY_REDIS_URL: `${inject("redisUrl")}/${randomInt(64)}`,
      AUTHCHEMY_SECRET: "s".repeat(32),
    })
    const services = await openServices(config)
    await services.ready()
    await services.close()
    expect(await readdir(directory)).toEqual([])
    await rm(directory, { recursive: true })
  })
})
