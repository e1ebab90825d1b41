import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { type BuiltInAccounts, createBuiltInAccounts } from "./accounts/better-auth.ts"
import type { Config } from "./config.ts"
import { type Database, openDatabase } from "./database/database.ts"
import { migrate } from "./database/migrate.ts"
import { loadSecret } from "./secret.ts"

/** What the server and the operator's commands work on. */
export type Services = {
  database: Database
  accounts: BuiltInAccounts
  tokens: TokenService
  secret: string
  /** Resolves where every store answers. */
  ready(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the stores that a configuration names, and brings their tables up to date.
 * @param onStoreError told of connection troubles that mend themselves
 * @throws StoreUnavailableError
 */
export async function openServices(config: Config, onStoreError: (error: Error) => void): Promise<Services> {
  mkdirSync(config.dataDirectory, { recursive: true, mode: 0o700 })
  const secret = await loadSecret(config)
  const path = join(config.dataDirectory, "authchemy.db")
  const database = openDatabase(path)
  try {
    const accounts = createBuiltInAccounts({
      database,
      secret,
      issuer: config.issuer,
      signUpAllowed: config.allowSignUp,
    })
    await migrate(database, join(config.dataDirectory, "migrate.lock"), accounts.migrate)
    const { redisUrl } = config
    const tokens = createTokenService({
      store: await openStore({ sqlitePath: path, redisUrl, onError: onStoreError }),
    })
    return {
      database,
      accounts,
      tokens,
      secret,
      ready: async () => {
        await Promise.all([tokens.ready(), database.selectFrom("access_key").select("id").limit(1).execute()])
      },
      close: async () => {
        await tokens.close()
        await database.destroy()
      },
    }
  } catch (error) {
    await database.destroy()
    throw error
  }
}
