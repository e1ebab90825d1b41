import type { Database } from "../database/database.ts"
import type { SecondFactors } from "./second-factor/second-factors.ts"

/** Takes ways to sign in from an account, for the operator and for whoever proves to be its owner. */
export type WaysRemoval = {
  /** Passkeys and the second factor, for somebody who has lost what they are on. */
  removeDevices(accountId: string): Promise<void>
  /** Passkeys and links to providers: all that opens the account without its password. */
  removeAllButPassword(accountId: string): Promise<void>
}

export function createWaysRemoval(database: Database, secondFactors: SecondFactors): WaysRemoval {
  const removePasskeys = async (accountId: string) => {
    await database.deleteFrom("passkey").where("account_id", "=", accountId).execute()
  }

  return {
    removeDevices: async (accountId) => {
      await secondFactors.remove(accountId)
      await removePasskeys(accountId)
    },
    removeAllButPassword: async (accountId) => {
      await removePasskeys(accountId)
      await database.deleteFrom("provider_identity").where("account_id", "=", accountId).execute()
    },
  }
}
