import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { SecondFactors } from "./second-factor/second-factors.ts"

/** What opens an account beside its password, by kind. */
export type OtherWays = { passkeys: number; providers: number; accessKeys: number }

/** Takes ways to sign in from an account, for the operator and for whoever proves to be its owner. */
export type WaysRemoval = {
  /** Passkeys and the second factor, for somebody who has lost what they are on. */
  removeDevices(accountId: string): Promise<void>
  /**
   * All that its maker may have left in an account with somebody else's email: passkeys, links to providers, a second factor that is on or was begun, access keys, and
   * apps, whose keys the maker has.
   */
  removeAllButPassword(accountId: string): Promise<void>
  /** How many of each there are. A link counts whether or not its provider is configured. */
  others(accountId: string): Promise<OtherWays>
}

/** @param audit told of access keys and apps that are deleted */
export function createWaysRemoval(
  database: Database,
  secondFactors: SecondFactors,
  audit: Pick<Audit, "record">,
): WaysRemoval {
  const removePasskeys = async (accountId: string) => {
    await database.deleteFrom("passkey").where("account_id", "=", accountId).execute()
  }
  const deleteOwned = async (table: "access_key" | "app", accountId: string) => {
    const rows = await database
      .deleteFrom(table)
      .where("account_id", "=", accountId)
      .returning(["id", "name"])
      .execute()
    for (const details of rows) audit.record({ type: `${table}.deleted`, accountId, details })
  }
  const count = async (table: "passkey" | "provider_identity" | "access_key", accountId: string) => {
    const { rows } = await database
      .selectFrom(table)
      .select(({ fn }) => fn.countAll().as("rows"))
      .where("account_id", "=", accountId)
      .executeTakeFirstOrThrow()
    return Number(rows)
  }

  return {
    removeDevices: async (accountId) => {
      await secondFactors.remove(accountId)
      await removePasskeys(accountId)
    },

    removeAllButPassword: async (accountId) => {
      await removePasskeys(accountId)
      await database.deleteFrom("provider_identity").where("account_id", "=", accountId).execute()
      await secondFactors.remove(accountId)
      await deleteOwned("access_key", accountId)
      await deleteOwned("app", accountId)
    },

    others: async (accountId) => ({
      passkeys: await count("passkey", accountId),
      providers: await count("provider_identity", accountId),
      accessKeys: await count("access_key", accountId),
    }),
  }
}
