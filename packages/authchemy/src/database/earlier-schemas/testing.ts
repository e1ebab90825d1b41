import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { sql } from "kysely"
import { Client } from "pg"
import type { Database } from "../database.ts"
import { PostgresDatabase } from "../postgres.ts"

/** An earlier schema, kept by `script/earlier-schema.ts`: the database that a server of then left, as SQL, and what must still work on it. */
export type EarlierSchema = {
  /** The last migration that it has. */
  name: string
  /** Fills an empty database. @param location as `openDatabase` takes it */
  load(location: string): Promise<void>
}

export type DatabaseKind = "SQLite" | "PostgreSQL"

/** The earlier schemas that are kept for a kind of database, in their order. */
export function earlierSchemas(kind: DatabaseKind): readonly EarlierSchema[] {
  const suffix = `.${kind.toLowerCase().replace("postgresql", "postgres")}.sql`
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(suffix))
    .sort()
    .map((file) => ({
      name: file.slice(0, -suffix.length),
      load: async (location) => {
        const text = readFileSync(join(import.meta.dirname, file), "utf8")
        await (kind === "SQLite" ? loadIntoSqlite(location, text) : loadIntoPostgres(location, text))
      },
    }))
}

async function loadIntoSqlite(path: string, text: string): Promise<void> {
  const database = new DatabaseSync(path)
  database.exec(text)
  database.close()
}

async function loadIntoPostgres(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/**
 * What a database consists of, a line for each column, index and reference, sorted. The order of columns, defaults and the names of indexes are left out: added to a table
 * they may differ from those of a table that is made at once. So are the token engine's tables, which it sees to itself.
 */
export async function describeDatabase(database: Database): Promise<string[]> {
  const columns = await columnsOf(database)
  const others = await (database instanceof PostgresDatabase
    ? postgresLines(database)
    : sqliteLines(database))
  return [...columns.map(lineOfColumn), ...others].sort()
}

/** The tables of a database, the token engine's left out. */
export async function tablesOf(database: Database): Promise<string[]> {
  const { rows } = await (database instanceof PostgresDatabase
    ? sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
    : sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`
  ).execute(database)
  return rows
    .map(({ name }) => name)
    .filter((name) => !/^(authchemy|sqlite)_/.test(name))
    .sort()
}

/** A column, and whether a row can be written by somebody who does not know it. */
export type Column = { table: string; name: string; type: string; nullable: boolean; hasDefault: boolean }

export async function columnsOf(database: Database): Promise<Column[]> {
  if (database instanceof PostgresDatabase) {
    const columns = await sql<Column>`
      SELECT table_name AS "table", column_name AS name, data_type AS type,
        is_nullable = 'YES' AS nullable, column_default IS NOT NULL AS "hasDefault"
      FROM information_schema.columns WHERE table_schema = 'public'`.execute(database)
    return columns.rows
  }
  const columns: Column[] = []
  for (const table of await tablesOf(database)) {
    const { rows } = await sql<{ name: string; type: string; required: number; default: string | null }>`
      SELECT name, type, "notnull" AS required, dflt_value AS "default" FROM pragma_table_info(${table})`.execute(
      database,
    )
    columns.push(
      ...rows.map(({ name, type, required, default: value }) => ({
        ...{ table, name, type },
        ...{ nullable: required === 0, hasDefault: value !== null },
      })),
    )
  }
  return columns
}

function lineOfColumn({ table, name, type, nullable }: Column): string {
  return `column ${table}.${name} ${type}${nullable ? "" : " not null"}`
}

/** Indexes and references. */
async function sqliteLines(database: Database): Promise<string[]> {
  const lines: string[] = []
  for (const table of await tablesOf(database)) {
    const indexes = await sql<{ unique: number; columns: string }>`
      SELECT "unique", (SELECT group_concat(name, ', ') FROM pragma_index_info(list.name)) AS columns
      FROM pragma_index_list(${table}) AS list`.execute(database)
    lines.push(
      ...indexes.rows.map((index) => `${index.unique ? "unique " : ""}index ${table} (${index.columns})`),
    )
    const references = await sql<{ from: string; table: string; to: string; on_delete: string }>`
      SELECT "from", "table", "to", on_delete FROM pragma_foreign_key_list(${table})`.execute(database)
    lines.push(
      ...references.rows.map(
        (reference) =>
          `reference ${table}.${reference.from} to ${reference.table}.${reference.to} ${reference.on_delete}`,
      ),
    )
  }
  return lines
}

async function postgresLines(database: Database): Promise<string[]> {
  // What follows the index's name in its definition.
  const indexes = await sql<{ line: string }>`
    SELECT CASE WHEN indisunique THEN 'unique ' ELSE '' END
      || substring(pg_get_indexdef(indexrelid) FROM 'INDEX [^ ]+ ON (.*)') AS line
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace`.execute(database)
  const references = await sql<{ line: string }>`
    SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) AS line
    FROM pg_constraint WHERE contype = 'f'`.execute(database)
  return [
    ...indexes.rows.map(({ line }) => `index ${line}`),
    ...references.rows.map(({ line }) => `reference ${line}`),
  ]
}
