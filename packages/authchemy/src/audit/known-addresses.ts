import type { Database } from "../database/database.ts"
import { networkOf } from "../limits/network.ts"

/** Where access keys have been used from. */
export type KnownAddresses = {
  /**
   * Notes a use, and tells whether it is the first of this key from this network (`networkOf`): true once for all callers and processes. The first use of all counts
   * as one, too. A network is forgotten with the events of its time, and then is new again, to a process that has met it within a day a day later at most.
   * @throws DatabaseUnavailableError
   */
  noteUse(keyId: string, address: string): Promise<boolean>
}

/** How many pairs of key and network are remembered, and for how many milliseconds: the database is not asked for those. */
const MOST_REMEMBERED = 10_000
const REMEMBERED_MS = 24 * 60 * 60 * 1000
/** In UTF-16 code units, as events have it. */
const LONGEST_ADDRESS = 64

/** @param options.now milliseconds since the epoch */
export function createKnownAddresses(options: { database: Database; now: () => number }): KnownAddresses {
  const { database, now } = options
  /** Until when. */
  const remembered = new Map<string, number>()
  const remember = (pair: string) => {
    remembered.delete(pair)
    const [oldest] = remembered.keys()
    if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    remembered.set(pair, now() + REMEMBERED_MS)
  }
  return {
    noteUse: async (keyId, address) => {
      const network = networkOf(address.slice(0, LONGEST_ADDRESS))
      const pair = `${keyId}\n${network}`
      if ((remembered.get(pair) ?? 0) > now()) return false
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
