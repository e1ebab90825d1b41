import { join } from "node:path"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { type BuiltInAccounts, createBuiltInAccounts } from "./accounts/better-auth.ts"
import { type HeldAccounts, rememberAccounts } from "./accounts/remembered.ts"
import { type Clients, createClients } from "./clients/clients.ts"
import { readClientsFile } from "./clients/clients-file.ts"
import { type HeldClients, rememberClients } from "./clients/remembered.ts"
import type { Config } from "./config.ts"
import { prepareDataDirectory } from "./data-directory.ts"
import { type Database, openDatabase } from "./database/database.ts"
import { migrate } from "./database/migrate.ts"
import { openRateLimits } from "./limits/open.ts"
import type { OpenRateLimiter } from "./limits/rate-limiter.ts"
import type { ChangeCount } from "./limits/shared-counts.ts"
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
  /** Remembered for as long as memory may be trusted, as the clients are. */
  accounts: BuiltInAccounts & HeldAccounts
  clients: Clients & HeldClients
  /** Counts attempts: on Redis for all servers where there is one, else for all workers of this server. */
  openRateLimiter: OpenRateLimiter
  /** Resolves where every store answers. */
  ready(): Promise<void>
}

/**
 * Opens the database that a configuration names, and brings its tables up to date.
 * @param options.openRateLimiter counts sign-ins; in this process's memory where left out
 * @param options.onDatabaseError told of connection troubles that mend themselves
 * @throws ConfigError where the data directory or the clients file cannot be used
 * @throws StoreUnavailableError
 */
export async function openAccountServices(
  config: Config,
  options: { openRateLimiter?: OpenRateLimiter; onDatabaseError?: (error: Error) => void } = {},
): Promise<AccountServices> {
  const { openRateLimiter, onDatabaseError: onError = () => {} } = options
  const fromFile = readClientsFile(config.clientsFile)
  if (config.databaseUrl === null || config.redisUrl === null) prepareDataDirectory(config.dataDirectory)
  const secret = await loadSecret(config)
  const database = openDatabase(config.databaseUrl ?? databasePathOf(config), { onError })
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
  const { redisUrl, redisReplicas } = config
  const sqlitePath = databasePathOf(config)
  const store = await openStore({ sqlitePath, redisUrl, redisReplicas, onError: onStoreError })
  return createTokenService({ store, onError: onStoreError })
}

/**
 * Opens all that the server works on.
 * @param onStoreError told of connection troubles that mend themselves
 * @param changeCount counts attempts for several processes where there is no Redis
 * @throws ConfigError where the data directory or the clients file cannot be used
 * @throws StoreUnavailableError
 */
export async function openServices(
  config: Config,
  onStoreError: (error: Error) => void,
  changeCount?: ChangeCount,
): Promise<Services> {
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const service of opened.reverse()) await service.close()
  }
  try {
    const limits = await openRateLimits({ redisUrl: config.redisUrl, changeCount, onError: onStoreError })
    opened.push(limits)
    const people = await openAccountServices(config, {
      openRateLimiter: limits.open,
      onDatabaseError: onStoreError,
    })
    opened.push(people)
    const tokens = await openTokens(config, onStoreError)
    opened.push(tokens)
    const { database } = people
    return {
      ...people,
      tokens,
      accounts: rememberAccounts(people.accounts, tokens),
      clients: rememberClients(people.clients, tokens),
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
