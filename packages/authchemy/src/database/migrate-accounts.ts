import type { BetterAuthOptions } from "better-auth"
import { getMigrations } from "better-auth/db/migration"
import { PostgresAdapter } from "kysely"
import { accountSchema } from "../accounts/account-schema.ts"
import type { Database } from "./database.ts"

/**
 * What Better Auth's tables lack, each by its name: `table user`, `column user.disabledAt`, `index session_userId_idx`. Takes no lock.
 * @throws DatabaseUnavailableError
 */
export async function missingFromAccountTables(
  on: Database,
  schema: BetterAuthOptions = accountSchema,
): Promise<readonly string[]> {
  return namesOf(await planOf(on, schema, { throwOnUnsafe: false }))
}

/**
 * Makes Better Auth's tables, or adds what they lack.
 * @param on a connection that nobody else migrates through
 * @returns what was missing, as `missingFromAccountTables` names it
 * @throws DatabaseUnavailableError
 */
export async function completeAccountTables(
  on: Database,
  schema: BetterAuthOptions = accountSchema,
): Promise<readonly string[]> {
  const plan = await planOf(on, schema, { throwOnUnsafe: true })
  await plan.runMigrations()
  return namesOf(plan)
}

type Plan = Awaited<ReturnType<typeof getMigrations>>

/** A plan is found by comparing the settings with the tables that are there: Better Auth keeps no list of what was applied. */
function planOf(on: Database, schema: BetterAuthOptions, options: { throwOnUnsafe: boolean }): Promise<Plan> {
  const type = on.getExecutor().adapter instanceof PostgresAdapter ? "postgres" : "sqlite"
  return getMigrations({ ...schema, logger: { disabled: true }, database: { db: on, type } }, options)
}

function namesOf({ toBeCreated, toBeAdded, toBeAddedIndexes }: Plan): string[] {
  const created = new Set(toBeCreated.map(({ table }) => table))
  return [
    ...toBeCreated.map(({ table }) => `table ${table}`),
    ...toBeAdded.flatMap(({ table, fields }) =>
      Object.keys(fields).map((field) => `column ${table}.${field}`),
    ),
    ...toBeAddedIndexes.filter(({ table }) => !created.has(table)).map(({ name }) => `index ${name}`),
  ]
}
