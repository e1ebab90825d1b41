import type { Database } from "../database/database.ts"
import { networkOf } from "../limits/network.ts"

/** Where access keys have been used from. */
export type KnownAddresses = {
  /**
   * Notes a use, and tells whether it is the first of this key from this network (`networkOf`): true once for all callers and processes. The first use of all counts
   * as one, too. A network is forgotten with the events of its time, and then is new again.
   * @throws DatabaseUnavailableError
   */
  noteUse(keyId: string, address: string): Promise<boolean>
}

/** How many pairs of key and network are remembered: for those the database is not asked. */
const MOST_REMEMBERED = 10_000
/** In UTF-16 code units, as events have it. */
const LONGEST_ADDRESS = 64

/** @param options.now milliseconds since the epoch */
export function createKnownAddresses(options: { database: Database; now: () => number }): KnownAddresses {
  const { database, now } = options
  const remembered = new Set<string>()
  const remember = (pair: string) => {
    const [oldest] = remembered
    if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    remembered.add(pair)
  }
  return {
    noteUse: async (keyId, address) => {
      const network = networkOf(address.slice(0, LONGEST_ADDRESS))
      const pair = `${keyId}\n${network}`
      if (remembered.has(pair)) return false
      const { numInsertedOrUpdatedRows = 0n } = await database
        .insertInto("access_key_address")
        .values({ key_id: keyId, network, first_used_at: new Date(now()).toISOString() })
        .onConflict((conflict) => conflict.columns(["key_id", "network"]).doNothing())
        .executeTakeFirst()
      remember(pair)
      return numInsertedOrUpdatedRows > 0n
    },
  }
}
