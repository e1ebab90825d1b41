import type { TokenStore } from "./store.ts"

/**
 * Opens the store that the options name: Redis where there is a URL, else the SQLite file. Only the chosen one is loaded.
 * @param options.sqlitePath a file that may be missing; its directory may not
 * @param options.redisUrl `redis[s]://…`, or `null`
 * @param options.onError told of connection troubles that mend themselves
 * @throws StoreUnavailableError
 */
export async function openStore(options: {
  sqlitePath: string
  redisUrl: string | null
  onError?: (error: Error) => void
}): Promise<TokenStore> {
  if (options.redisUrl !== null) {
    const { openRedisStore } = await import("./redis.ts")
    const { redisUrl: url, onError } = options
    return openRedisStore(onError === undefined ? { url } : { url, onError })
  }
  const { openSqliteStore } = await import("./sqlite.ts")
  return openSqliteStore(options.sqlitePath)
}
