import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely"
import { type Migration, Migrator } from "kysely/migration"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type Database, openDatabase } from "./database.ts"
import { migrations } from "./migrations.ts"

let directory: string
let database: Database
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-migrations-"))
  database = openDatabase(join(directory, "authchemy.db"))
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

/** What a migration would say to PostgreSQL. */
async function postgresStatements({ up }: Migration): Promise<string[]> {
  const statements: CompiledQuery[] = []
  const postgres = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: ({ query }) => {
      statements.push(query)
    },
  })
  await up(postgres)
  return statements.map(({ sql }) => sql)
}

test("002 is plain SQL on PostgreSQL too", async () => {
  expect(await postgresStatements(migrations["002-clients"] as Migration)).toEqual([
    'create table "client" ("id" text primary key, "name" text not null, "secret_digest" text, "redirect_uris" text not null, "grants" text not null, "require_dpop" integer not null, "resource_server" integer not null, "created_at" text not null)',
    'alter table "access_key" add column "scopes" text',
  ])
})
