import { ALCHEMY_CLIENT_ID } from "@authchemy/protocol"
import type { RedisConnection } from "./redis-connection.ts"
import { revocationOf, type TagKeys } from "./redis-records.ts"
import { literal, scanKeys } from "./redis-scan.ts"
import type { Revocation, TokenStore } from "./store.ts"

/** Of how many tags the sessions end at the same time, and are announced together. */
const BATCH_TAGS = 100

/**
 * Ends a client's sessions tag by tag, one script each, wherever there are sessions or tombstones. A session that an interrupted call ended has left a tombstone, which does not say of which client: so all that
 * stand there are told once more.
 * @param options.keys of the accounts with a tag
 * @param options.channel on which what ended is pushed
 */
export function revokeClientOnRedis(options: {
  connection: RedisConnection
  prefix: string
  keys: TagKeys
  channel: string
}): TokenStore["revokeClient"] {
  const { connection, prefix, keys, channel } = options
  const pattern = `${literal(prefix)}[st]:{????}`
  const tagIn = (key: string) => key.slice(-5, -1)

  const endInTag = async (tag: string, shown: string, now: number) => {
    const given = [channel, tag, shown, String(now)]
    const [ended, gone] = await connection.scripts.revokeClient(keys(tag), given)
    return revocationOf(tag, ended, gone)
  }

  return async function* (clientId, now): AsyncGenerator<Revocation> {
    const shown = clientId === ALCHEMY_CLIENT_ID ? "" : JSON.stringify(clientId)
    for await (const page of scanKeys(connection, pattern)) {
      const tags = [...new Set(page.map(tagIn))]
      for (let first = 0; first < tags.length; first += BATCH_TAGS) {
        const batch = tags.slice(first, first + BATCH_TAGS)
        const ends = await Promise.all(batch.map((tag) => endInTag(tag, shown, now)))
        yield {
          sessions: ends.flatMap(({ sessions }) => sessions),
          items: ends.flatMap(({ items }) => items),
          unsettled: false,
        }
      }
    }
  }
}
