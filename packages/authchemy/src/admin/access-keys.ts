import { randomBytes } from "node:crypto"
import type { Scope } from "@authchemy/protocol"
import { digestOf, mintToken } from "@authchemy/tokens"
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

/** @param now milliseconds since the epoch */
export function createAccessKeys(database: Database, now: () => number): AccessKeys {
  const timestamp = (time: number) => new Date(time).toISOString()
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
      return recordFrom(row)
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
      const { numDeletedRows } = await database
        .deleteFrom("access_key")
        .where("account_id", "=", accountId)
        .where("id", "=", id)
        .executeTakeFirst()
      return numDeletedRows > 0n
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
