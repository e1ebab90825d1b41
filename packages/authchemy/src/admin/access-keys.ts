import { randomBytes } from "node:crypto"
import type { Scope } from "@authchemy/protocol"
import { digestOf, mintToken } from "@authchemy/tokens"
import type { Audit } from "../audit/events.ts"
import type { KnownAddresses } from "../audit/known-addresses.ts"
import { currentOrigin } from "../audit/origin.ts"
import type { Database } from "../database/database.ts"

/** A key for a machine that no person sits at. The key itself is nowhere; its SHA-256 digest is in the database. */
export type AccessKeyRecord = {
  id: string
  accountId: string
  name: string
  /** `null`: all that access keys may have. */
  scopes: readonly Scope[] | null
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
}

/** The access keys of all accounts. Moments are ISO 8601, UTC, milliseconds. */
export type AccessKeys = {
  /** The record of a key that is known and has not expired; notes the use, at most once a minute. */
  verify(key: string): Promise<AccessKeyRecord | null>
  /** Makes a key. @param request.expiresInSeconds `null`: it lives until it is deleted */
  create(
    accountId: string,
    request: { name: string; scopes: readonly Scope[]; expiresInSeconds: number | null },
  ): Promise<AccessKeyRecord & { key: string }>
  /** The newest first. */
  list(accountId: string): Promise<AccessKeyRecord[]>
  /** `false` where the account has no such key. */
  delete(accountId: string, id: string): Promise<boolean>
}

const LAST_USE_RESOLUTION_MS = 60_000

/**
 * @param options.audit told of keys that are made and deleted, and of the first use of each from an address
 * @param options.now milliseconds since the epoch
 */
export function createAccessKeys(options: {
  database: Database
  audit: Pick<Audit, "record">
  knownAddresses: KnownAddresses
  now: () => number
}): AccessKeys {
  const { database, audit, knownAddresses, now } = options
  const timestamp = (time: number) => new Date(time).toISOString()

  const noteAddress = async ({ id, accountId, name }: AccessKeyRecord) => {
    const { address } = currentOrigin()
    if (address === null || !(await knownAddresses.noteUse(id, address))) return
    audit.record({ type: "access_key.used_from_new_address", accountId, details: { id, name } })
  }

  return {
    verify: async (key) => {
      const row = await database
        .selectFrom("access_key")
        .selectAll()
        .where("digest", "=", digestOf(key))
        .executeTakeFirst()
      const at = now()
      if (row === undefined || (row.expires_at !== null && Date.parse(row.expires_at) <= at)) return null
      if (row.last_used_at === null || at - Date.parse(row.last_used_at) >= LAST_USE_RESOLUTION_MS) {
        row.last_used_at = timestamp(at)
        await database
          .updateTable("access_key")
          .set({ last_used_at: row.last_used_at })
          .where("id", "=", row.id)
          .execute()
      }
      const record = recordFrom(row)
      await noteAddress(record)
      return record
    },

    create: async (accountId, { name, scopes, expiresInSeconds }) => {
      const key = mintToken("ak", accountId, randomBytes)
      const createdAt = now()
      const row = {
        id: `key_${randomBytes(9).toString("base64url")}`,
        account_id: accountId,
        name,
        digest: digestOf(key),
        created_at: timestamp(createdAt),
        expires_at: expiresInSeconds === null ? null : timestamp(createdAt + expiresInSeconds * 1000),
        last_used_at: null,
        scopes: JSON.stringify(scopes),
      }
      await database.insertInto("access_key").values(row).execute()
      audit.record({ type: "access_key.created", accountId, details: { id: row.id, name } })
      return { ...recordFrom(row), key }
    },

    list: async (accountId) => {
      const rows = await database
        .selectFrom("access_key")
        .selectAll()
        .where("account_id", "=", accountId)
        .orderBy("created_at", "desc")
        .orderBy("id")
        .execute()
      return rows.map(recordFrom)
    },

    delete: async (accountId, id) => {
      const deleted = await database
        .deleteFrom("access_key")
        .where("account_id", "=", accountId)
        .where("id", "=", id)
        .returning("name")
        .executeTakeFirst()
      if (deleted === undefined) return false
      audit.record({ type: "access_key.deleted", accountId, details: { id, name: deleted.name } })
      return true
    },
  }
}

function recordFrom(row: {
  id: string
  account_id: string
  name: string
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  scopes: string | null
}): AccessKeyRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as Scope[]),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }
}
