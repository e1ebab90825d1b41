import { StoreUnavailableError } from "../errors.ts"
import type { RedisConnection } from "./redis-connection.ts"

/** How long replicas may take to have a revocation. */
const REPLICATION_LIMIT_MS = 400

/** Runs a script and waits until enough replicas have what it wrote. @throws StoreUnavailableError where they do not have it in time */
export type OnReplicas = (
  name: "reassert" | "keepEra",
  keys: readonly string[],
  args: readonly string[],
) => Promise<void>

/** @param replicas how many are enough; with none of them nothing is run */
export function onReplicas(connection: RedisConnection, replicas: number): OnReplicas {
  return async (name, keys, args) => {
    if (replicas === 0) return
    const had = await connection.replicated(name, keys, args, replicas, REPLICATION_LIMIT_MS)
    if (had >= replicas) return
    const cause = new Error(`${had} of ${replicas} replicas of Redis have the revocation`)
    throw new StoreUnavailableError(cause)
  }
}
