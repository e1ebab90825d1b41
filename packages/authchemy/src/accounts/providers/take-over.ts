import type { Database } from "../../database/database.ts"
import { nameFrom } from "../fields.ts"
import type { AccountChanges } from "../shared-parts.ts"
import type { StoredAccounts } from "../stored-accounts.ts"
import type { WaysRemoval } from "../ways-to-sign-in-removal.ts"

/**
 * Hands an account whose email nobody has verified to whom the operator's own directory says the email belongs to; so nobody keeps a colleague out by taking
 * the colleague's email first. All that its maker has left there goes, the password too.
 * @returns `false`, and nothing has changed, where the account may be somebody's: its email is verified, it has apps or access keys, or people sign in here without verifying
 */
export type TakeOver = (account: { id: string; email: string; name: string }) => Promise<boolean>

/** Whom a change comes from that a provider's word brings about. */
const NOWHERE = { address: "", agent: null }

/** @param options.mustVerifyEmail nobody has got into an account then whose email is not verified */
export function createTakeOver(options: {
  database: Database
  changes: AccountChanges
  stored: Pick<StoredAccounts, "markEmailVerified">
  ways: Pick<WaysRemoval, "removeAllButPassword">
  mustVerifyEmail: boolean
}): TakeOver {
  const { database, stored, changes, ways, mustVerifyEmail } = options

  const isUnused = async (id: string) => {
    const found = await database
      .selectFrom("user")
      .select("emailVerified")
      .where("id", "=", id)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom("app").select("app.id").where("app.account_id", "=", id))),
      )
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom("access_key").select("access_key.id").where("access_key.account_id", "=", id))),
      )
      .executeTakeFirst()
    return found !== undefined && !found.emailVerified
  }

  return async ({ id, email, name }) => {
    if (!mustVerifyEmail || !(await isUnused(id))) return false
    await changes.endingSessions(id, null, NOWHERE, async () => {
      await ways.removeAllButPassword(id)
      await database
        .deleteFrom("account")
        .where("userId", "=", id)
        .where("providerId", "=", "credential")
        .execute()
      await database
        .updateTable("user")
        .set({ name: nameFrom(name, email) })
        .where("id", "=", id)
        .execute()
      await stored.markEmailVerified(id)
    })
    return true
  }
}
