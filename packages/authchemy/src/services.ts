import { join } from "node:path"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { type BuiltInAccounts, createBuiltInAccounts } from "./accounts/better-auth.ts"
import { type Clients, createClients } from "./clients/clients.ts"
import { readClientsFile } from "./clients/clients-file.ts"
import type { Config } from "./config.ts"
import { prepareDataDirectory } from "./data-directory.ts"
import { type Database, openDatabase } from "./database/database.ts"
import { migrate } from "./database/migrate.ts"
import { openRateLimits } from "./limits/open.ts"
import type { OpenRateLimiter } from "./limits/rate-limiter.ts"
import { loadSecret } from "./secret.ts"

/** People and what is theirs, without the token store. */
export type AccountServices = {
  database: Database
  accounts: BuiltInAccounts
  clients: Clients
  secret: string
  close(): Promise<void>
}

/** What the server works on. */
export type Services = AccountServices & {
  tokens: TokenService
  /** Counts attempts, on Redis for all servers where there is one. */
  openRateLimiter: OpenRateLimiter
  /** Resolves where every store answers. */
  ready(): Promise<void>
}

/**
 * Opens the database that a configuration names, and brings its tables up to date.
 * @param openRateLimiter counts sign-ins; in this process's memory where left out
 * @throws ConfigError where the data directory or the clients file cannot be used
 * @throws StoreUnavailableError
 */
export async function openAccountServices(
  config: Config,
  openRateLimiter?: OpenRateLimiter,
): Promise<AccountServices> {
  const fromFile = readClientsFile(config.clientsFile)
  prepareDataDirectory(config.dataDirectory)
  const secret = await loadSecret(config)
  const database = openDatabase(databasePathOf(config))
  try {
    const { issuer, allowSignUp: signUpAllowed } = config
    const limits = openRateLimiter === undefined ? {} : { openRateLimiter }
    const accounts = createBuiltInAccounts({ database, secret, issuer, signUpAllowed, ...limits })
    await migrate(database, join(config.dataDirectory, "migrate.lock"), accounts.migrate)
    const clients = createClients({ database, fromFile, now: Date.now })
    return { database, accounts, clients, secret, close: () => database.destroy() }
  } catch (error) {
    await database.destroy()
    throw error
  }
}

/**
 * Opens the token engine on the store that a configuration names. `openAccountServices` comes first: it makes the data directory.
 * @param onStoreError told of connection troubles that mend themselves
 * @throws StoreUnavailableError
 */
export async function openTokens(
  config: Config,
  onStoreError: (error: Error) => void,
): Promise<TokenService> {
  const { redisUrl } = config
  const store = await openStore({ sqlitePath: databasePathOf(config), redisUrl, onError: onStoreError })
  return createTokenService({ store })
}

/**
 * Opens all that the server works on.
 * @param onStoreError told of connection troubles that mend themselves
 * @throws ConfigError where the data directory or the clients file cannot be used
 * @throws StoreUnavailableError
 */
export async function openServices(config: Config, onStoreError: (error: Error) => void): Promise<Services> {
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const service of opened.reverse()) await service.close()
  }
  try {
    const limits = await openRateLimits({ redisUrl: config.redisUrl, onError: onStoreError })
    opened.push(limits)
    const people = await openAccountServices(config, limits.open)
    opened.push(people)
    const tokens = await openTokens(config, onStoreError)
    opened.push(tokens)
    const { database } = people
    return {
      ...people,
      tokens,
      openRateLimiter: limits.open,
      ready: async () => {
        await Promise.all([tokens.ready(), database.selectFrom("access_key").select("id").limit(1).execute()])
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function databasePathOf(config: Config): string {
  return join(config.dataDirectory, "authchemy.db")
}
