import { join } from "node:path"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { type BuiltInAccounts, createBuiltInAccounts } from "./accounts/better-auth.ts"
import type { Config } from "./config.ts"
import { prepareDataDirectory } from "./data-directory.ts"
import { type Database, openDatabase } from "./database/database.ts"
import { migrate } from "./database/migrate.ts"
import { loadSecret } from "./secret.ts"

/** People and what is theirs, without the token store. */
export type AccountServices = {
  database: Database
  accounts: BuiltInAccounts
  secret: string
  close(): Promise<void>
}

/** What the server works on. */
export type Services = AccountServices & {
  tokens: TokenService
  /** Resolves where every store answers. */
  ready(): Promise<void>
}

/**
 * Opens the database that a configuration names, and brings its tables up to date.
 * @throws ConfigError where the data directory cannot be used
 * @throws StoreUnavailableError
 */
export async function openAccountServices(config: Config): Promise<AccountServices> {
  prepareDataDirectory(config.dataDirectory)
  const secret = await loadSecret(config)
  const database = openDatabase(databasePathOf(config))
  try {
    const { issuer, allowSignUp: signUpAllowed } = config
    const accounts = createBuiltInAccounts({ database, secret, issuer, signUpAllowed })
    await migrate(database, join(config.dataDirectory, "migrate.lock"), accounts.migrate)
    return { database, accounts, secret, close: () => database.destroy() }
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
 * @throws ConfigError where the data directory cannot be used
 * @throws StoreUnavailableError
 */
export async function openServices(config: Config, onStoreError: (error: Error) => void): Promise<Services> {
  const people = await openAccountServices(config)
  const { database } = people
  try {
    const tokens = await openTokens(config, onStoreError)
    return {
      ...people,
      tokens,
      ready: async () => {
        await Promise.all([tokens.ready(), database.selectFrom("access_key").select("id").limit(1).execute()])
      },
      close: async () => {
        await tokens.close()
        await people.close()
      },
    }
  } catch (error) {
    await people.close()
    throw error
  }
}

function databasePathOf(config: Config): string {
  return join(config.dataDirectory, "authchemy.db")
}
