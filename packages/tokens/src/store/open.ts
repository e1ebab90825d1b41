import type { TokenStore } from "./store.ts"

/**
 * Opens the store that the options name: Redis where there is a URL, else the SQLite file. Only the chosen one is loaded.
 * @param options.sqlitePath a file that may be missing; its directory may not
 * @param options.redisUrl as `redis-url.ts` says, or `null`
 * @param options.redisReplicas how many replicas must have a revocation before it is acknowledged; none where left out
 * @param options.onError told of connection troubles that mend themselves
 * @throws StoreUnavailableError
 */
export async function openStore(options: {
  sqlitePath: string
  redisUrl: string | null
  redisReplicas?: number
  onError?: ((error: Error) => void) | undefined
}): Promise<TokenStore> {
  if (options.redisUrl !== null) {
    const { openRedisStore } = await import("./redis.ts")
    const { redisUrl: url, redisReplicas: replicas = 0, onError } = options
    return openRedisStore({ url, replicas, onError })
  }
  const { openSqliteStore } = await import("./sqlite.ts")
  return openSqliteStore(options.sqlitePath)
}
