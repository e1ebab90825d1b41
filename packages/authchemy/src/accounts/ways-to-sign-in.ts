import type { Database } from "../database/database.ts"

/** The passkeys of an account, in the order in which they were added. */
export async function passkeysOf(
  database: Database,
  accountId: string,
): Promise<{ id: string; name: string; createdAt: Date; lastUsedAt: Date | null }[]> {
  const rows = await database
    .selectFrom("passkey")
    .select(["id", "name", "created_at", "last_used_at"])
    .where("account_id", "=", accountId)
    .orderBy("created_at")
    .orderBy("id")
    .execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
  }))
}

/** A provider that is configured, as far as somebody's link to it is concerned. */
export type ConfiguredProvider = Readonly<{ id: string; name: string; issuer: string }>

/** Those of the configured providers that an account is linked to, in the order of the configuration. */
export async function providersOf(
  database: Database,
  accountId: string,
  configured: readonly ConfiguredProvider[],
): Promise<{ id: string; name: string }[]> {
  if (configured.length === 0) return []
  const rows = await database
    .selectFrom("provider_identity")
    .select(["provider_id", "issuer"])
    .where("account_id", "=", accountId)
    .execute()
  return configured
    .filter(({ id, issuer }) => rows.some((row) => row.provider_id === id && row.issuer === issuer))
    .map(({ id, name }) => ({ id, name }))
}

/**
 * How many ways an account has to sign in: its password, each passkey, each link to a provider that is configured. Who removes one must leave one.
 */
export async function waysToSignIn(
  database: Database,
  accountId: string,
  configured: readonly ConfiguredProvider[],
): Promise<number> {
  const password = await database
    .selectFrom("account")
    .select("userId")
    .where("userId", "=", accountId)
    .where("providerId", "=", "credential")
    .where("password", "is not", null)
    .executeTakeFirst()
  const passkeys = await passkeysOf(database, accountId)
  const providers = await providersOf(database, accountId, configured)
  return (password === undefined ? 0 : 1) + passkeys.length + providers.length
}
