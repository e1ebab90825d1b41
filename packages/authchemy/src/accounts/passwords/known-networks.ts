import type { Audit } from "../../audit/events.ts"
import { networkOf } from "../../limits/network.ts"
import type { StoredAccounts } from "../stored-accounts.ts"

/** Where accounts have been signed in to, as far as the audit log goes back. */
export type KnownNetworks = {
  /**
   * Whether the account of an email has signed in from the network of an address (`networkOf`). Where there is no such account, the same is asked of the database.
   * @param email tidied (`tidyEmail`)
   * @throws StoreUnavailableError
   */
  hasSignedInFrom(email: string, address: string): Promise<boolean>
}

/** How many sign-ins are looked through, the newest first. */
const MOST = 1_000
const NOBODY = "no account"

export function createKnownNetworks(options: {
  stored: Pick<StoredAccounts, "byEmail">
  audit: Pick<Audit, "list">
}): KnownNetworks {
  const { stored, audit } = options
  return {
    hasSignedInFrom: async (email, address) => {
      const accountId = (await stored.byEmail(email))?.id ?? NOBODY
      const { events } = await audit.list({ accountId, types: ["sign_in.succeeded"], limit: MOST })
      const network = networkOf(address)
      return events.some(({ origin }) => origin.address !== null && networkOf(origin.address) === network)
    },
  }
}
