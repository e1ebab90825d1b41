import { symmetricDecrypt } from "better-auth/crypto"
import * as v from "valibot"
import type { Database } from "../../database/database.ts"
import type { BrowserSession } from "../accounts.ts"
import type { BetterAuthContext } from "../better-auth.ts"
import { whileOpen } from "../browser-sessions.ts"

/** A second factor as it is stored, decrypted. */
export type StoredSecondFactor = {
  /** The shared secret's bytes. */
  secret: Uint8Array
  /** `false`: begun, and counting for nothing. */
  confirmed: boolean
  recoveryCodes: readonly string[]
}

/** Reads and removes the second factors of accounts. Each throws `StoreUnavailableError` where the database is out of reach. */
export type SecondFactors = {
  of(accountId: string): Promise<StoredSecondFactor | null>
  remove(accountId: string): Promise<void>
  /** As `remove`, for a browser. @returns `false` where its session had been ended: nothing is removed then */
  removeFor(browser: BrowserSession): Promise<boolean>
  /** Takes away one that was begun and not confirmed. */
  dropBegun(accountId: string): Promise<void>
}

const Row = v.object({ secret: v.string(), backupCodes: v.string(), verified: v.nullish(v.boolean()) })
const Codes = v.pipe(v.string(), v.parseJson(), v.array(v.string()))

/** @param context of Better Auth, which keeps them encrypted with its key */
export function createSecondFactors(database: Database, context: Promise<BetterAuthContext>): SecondFactors {
  const dropRow = async (accountId: string) => {
    const { adapter } = await context
    await adapter.deleteMany({ model: "twoFactor", where: [{ field: "userId", value: accountId }] })
  }

  return {
    of: async (accountId) => {
      const { adapter, secretConfig: key } = await context
      const where = [{ field: "userId", value: accountId }]
      const found = await adapter.findOne({ model: "twoFactor", where })
      if (found === null) return null
      const row = v.parse(Row, found)
      return {
        secret: Buffer.from(await symmetricDecrypt({ key, data: row.secret }), "utf8"),
        confirmed: row.verified !== false,
        recoveryCodes: v.parse(Codes, await symmetricDecrypt({ key, data: row.backupCodes })),
      }
    },

    remove: async (accountId) => {
      const { internalAdapter } = await context
      await internalAdapter.updateUser(accountId, { twoFactorEnabled: false })
      await dropRow(accountId)
    },

    removeFor: async (browser) => {
      const { id } = browser.account
      const { numUpdatedRows } = await database
        .updateTable("user")
        .set({ twoFactorEnabled: null })
        .where("id", "=", id)
        .where(whileOpen(browser))
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return false
      await dropRow(id)
      return true
    },

    dropBegun: async (accountId) => {
      const { adapter } = await context
      const where = [
        { field: "userId", value: accountId },
        { field: "verified", value: false },
      ]
      await adapter.deleteMany({ model: "twoFactor", where })
    },
  }
}
