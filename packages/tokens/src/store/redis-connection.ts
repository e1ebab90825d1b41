import { StoreUnavailableError } from "../errors.ts"
import { connectToRedis, type RedisClient, type Scripts } from "./redis-client.ts"
import { codeScripts } from "./redis-code-scripts.ts"
import { deviceScripts } from "./redis-device-scripts.ts"
import { feedScripts as ownFeedScripts } from "./redis-feed-scripts.ts"
import { scripts as sessionScripts } from "./redis-scripts.ts"

const storeScripts = { ...sessionScripts, ...codeScripts, ...deviceScripts }

/** What has ended is ended once more over the connection that has told of a failover: the store's own may still go to the former primary. */
const feedScripts = { ...ownFeedScripts, reassert: sessionScripts.reassert }

type ConnectOptions = { url: string; onError?: ((error: Error) => void) | undefined }

/** A connection with the store's scripts. */
export type RedisConnection = RedisClient<typeof storeScripts>

/**
 * Connects the store to Redis, of whatever topology.
 * @throws StoreUnavailableError where it cannot be reached, or evicts keys
 */
export function connectStore(options: ConnectOptions): Promise<RedisConnection> {
  return connect(options, storeScripts)
}

/**
 * Connects the feed of revocations to Redis.
 * @throws StoreUnavailableError where it cannot be reached, or evicts keys
 */
export function connectFeed(options: ConnectOptions): Promise<RedisClient<typeof feedScripts>> {
  return connect(options, feedScripts)
}

/** The fields of a hash or a stream entry. @param pairs field, value, field, value… */
export function fieldsFrom(pairs: readonly Buffer[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let index = 0; index < pairs.length; index += 2) {
    fields[String(pairs[index])] = String(pairs[index + 1] ?? "")
  }
  return fields
}

/**
 * What stands against believing a primary that may have been cut off while another took its place, or `null`.
 * @throws StoreUnavailableError
 */
export async function isolationProblem(client: Pick<RedisConnection, "primaries">): Promise<string | null> {
  for (const primary of await client.primaries()) {
    // The line is there only where replicas are demanded.
    if (/^min_slaves_good_slaves:/m.test(String(await primary.send(["INFO", "replication"])))) continue
    return (
      "Redis takes writes without a replica, so a primary that is cut off may be believed after another has taken over; " +
      "set it to demand one: redis-cli CONFIG SET min-replicas-to-write 1"
    )
  }
  return null
}

async function connect<S extends Scripts>(options: ConnectOptions, scripts: S): Promise<RedisClient<S>> {
  const client = await connectToRedis({ ...options, scripts })
  try {
    await refuseEviction(client)
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

/** A cache may forget; a store of sessions and used codes may not. */
async function refuseEviction(client: Pick<RedisConnection, "primaries">): Promise<void> {
  for (const primary of await client.primaries()) {
    const memory = String(await primary.send(["INFO", "memory"]))
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? "unknown"
    if (policy === "noeviction") continue
    throw new StoreUnavailableError(
      new Error(
        `Redis evicts keys (maxmemory-policy ${policy}), so it would forget sessions and used codes; ` +
          "set it to noeviction: redis-cli CONFIG SET maxmemory-policy noeviction",
      ),
    )
  }
}
