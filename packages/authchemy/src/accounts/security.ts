import type { Database } from "../database/database.ts"
import type { BuiltInAccounts } from "./built-in.ts"
import type { SecondFactors } from "./second-factor/second-factors.ts"
import type { StoredAccounts } from "./stored-accounts.ts"
import { type ConfiguredProvider, passkeysOf, providersOf } from "./ways-to-sign-in.ts"

/** What the Security page shows. */
export function createSecurity(options: {
  database: Database
  stored: StoredAccounts
  factors: SecondFactors
  providers: readonly ConfiguredProvider[]
}): BuiltInAccounts["security"] {
  const { database, stored, factors, providers } = options

  return async (accountId) => {
    const account = await stored.byId(accountId)
    const factor = await factors.of(accountId)
    return {
      hasPassword: account !== null && account.passwordHash !== null,
      emailVerified: account?.emailVerified ?? false,
      secondFactor: factor?.confirmed ? { recoveryCodesLeft: factor.recoveryCodes.length } : null,
      passkeys: await passkeysOf(database, accountId),
      providers: await providersOf(database, accountId, providers),
    }
  }
}
