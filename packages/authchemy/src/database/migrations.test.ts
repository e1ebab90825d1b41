import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Migrator } from "kysely/migration"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import { migrations } from "./migrations.ts"
import { onEachDatabase } from "./testing.ts"

let directory: string
let database: Database
onEachDatabase((under) => {
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-migrations-"))
    database = openDatabase(await under.create(directory))
  })
  afterEach(async () => {
    await database.destroy()
    await rm(directory, { recursive: true })
  })

  async function migrateTo(name: string): Promise<void> {
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
    const { error } = await migrator.migrateTo(name)
    if (error !== undefined) throw error
  }

  test("002 keeps the access keys that are there, and leaves them all that keys may have", async () => {
    await migrateTo("001-apps-and-access-keys")
    const key = {
      id: "key_1",
      account_id: "a",
      name: "CI",
      digest: "d",
      created_at: "2026-11-23T22:05:00.000Z",
      expires_at: null,
      last_used_at: null,
    }
    await database.insertInto("access_key").values(key).execute()
    await migrateTo("002-clients")
    expect(await database.selectFrom("access_key").selectAll().execute()).toEqual([{ ...key, scopes: null }])
    expect(await database.selectFrom("client").selectAll().execute()).toEqual([])
  })

  test("003 keeps the apps that are there, for everybody, and a server of before can go on making some", async () => {
    await migrateTo("002-clients")
    const app = (id: string) => ({
      id,
      account_id: "a",
      name: "First",
      description: null,
      api_key: "k",
      webhook_api_key: "w",
      chain_networks: '["ETH_MAINNET"]',
      products: null,
      created_at: "2026-11-23T22:05:00.000Z",
    })
    const all = () => database.selectFrom("app").selectAll().orderBy("id").execute()
    await database.insertInto("app").values(app("app_1")).execute()
    expect(await all()).toEqual([app("app_1")])
    await migrateTo("003-app-allowlists")
    const everybody = { address_allowlist: null, origin_allowlist: null, ip_allowlist: null }
    expect(await all()).toEqual([{ ...app("app_1"), ...everybody }])
    await database.insertInto("app").values(app("app_2")).execute()
    expect(await all()).toEqual([
      { ...app("app_1"), ...everybody },
      { ...app("app_2"), ...everybody },
    ])
  })
})
