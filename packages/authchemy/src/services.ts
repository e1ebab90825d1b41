import { createTokenService, openStore, type TokenEvent, type TokenService } from "@authchemy/tokens"
import type { Logger } from "pino"
import { pino } from "pino"
import type { BuiltInAccounts } from "./accounts/built-in.ts"
import { createBuiltInAccounts } from "./accounts/create-built-in-accounts.ts"
import { createBreachedPasswords } from "./accounts/passwords/breached-passwords.ts"
import { type HeldAccounts, rememberAccounts } from "./accounts/remembered.ts"
import type { AccountTokens } from "./accounts/shared-parts.ts"
import { type AccessKeys, createAccessKeys } from "./admin/access-keys.ts"
import { type Apps, createApps } from "./admin/apps.ts"
import { type AuditLog, openAuditLog } from "./audit/audit-log.ts"
import { createKnownAddresses } from "./audit/known-addresses.ts"
import { recordTokenEvents } from "./audit/token-events.ts"
import { type Clients, createClients } from "./clients/clients.ts"
import { readClientsFile } from "./clients/clients-file.ts"
import { type HeldClients, rememberClients } from "./clients/remembered.ts"
import type { Config } from "./config.ts"
import { prepareDataDirectory } from "./data-directory.ts"
import { type Database, openDatabase } from "./database/database.ts"
import { databasePathOf, prepareTables } from "./database/open-configured.ts"
import { createMemoryRateLimits } from "./limits/memory.ts"
import { openRateLimits } from "./limits/open.ts"
import type { OpenRateLimiter } from "./limits/rate-limiter.ts"
import type { ChangeCount } from "./limits/shared-counts.ts"
import { createLogger } from "./logging.ts"
import { createMailer, type Mailer } from "./mail/mailer.ts"
import { loadSecret } from "./secret.ts"

/** People and what is theirs. */
export type AccountServices = {
  database: Database
  /** Migrations of a later version that the database has. */
  newerMigrations: readonly string[]
  secret: string
  audit: AuditLog
  mailer: Mailer
  /** Waits for the mails that are on their way; what is sent later is refused. */
  closeMail(): Promise<void>
  accounts: BuiltInAccounts
  clients: Clients
  apps: Apps
  accessKeys: AccessKeys
  close(): Promise<void>
}

/** What the operator's commands work on. */
export type CommandServices = AccountServices & {
  /** The token engine, opened when something first asks for it; what it ends is recorded. @throws StoreUnavailableError */
  tokens(): Promise<TokenService>
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
 * Opens the database that a configuration names, sees to its tables (`prepareTables`), and the token store only when it is needed.
 * @param options.logger told of troubles that mend themselves; they go to standard error where left out
 * @throws ConfigError where the data directory or the clients file cannot be used
 * @throws DatabaseNotUpToDateError
 * @throws StoreUnavailableError
 */
export async function openCommandServices(
  config: Config,
  options: { logger?: Logger } = {},
): Promise<CommandServices> {
  const { logger = loggerOfCommands() } = options
  // A server sends what a command has recorded, so a command does not wait for whoever is told; and how long events are kept is the servers' to say.
  const webhook = config.webhook === null ? null : { ...config.webhook, delivers: false }
  const ground = await openGround(config, logger, { webhook, retentionDays: null })
  try {
    let opening: Promise<TokenService> | null = null
    const tokens = () => {
      opening ??= openTokens(config, { logger, observe: recordTokenEvents(ground.audit) })
      return opening
    }
    const openRateLimiter = createMemoryRateLimits().open
    const people = createPeople(config, {
      ...{ ground, logger, openRateLimiter, now: Date.now },
      tokens: whenNeeded(tokens),
    })
    return {
      ...people,
      tokens,
      close: async () => {
        // One that could not be opened has nothing to close.
        await opening?.then((engine) => engine.close()).catch(() => {})
        await people.close()
      },
    }
  } catch (error) {
    await ground.close()
    throw error
  }
}

/**
 * Opens all that the server works on.
 * @param options.logger told of troubles that mend themselves, and of what the server itself has to say; standard error where left out
 * @param options.changeCount counts attempts for several processes where there is no Redis
 * @param options.now milliseconds since the epoch, for people and what is theirs; the token engine has the system's clock
 * @throws ConfigError where the data directory or the clients file cannot be used
 * @throws DatabaseNotUpToDateError
 * @throws StoreUnavailableError
 */
export async function openServices(
  config: Config,
  options: { logger?: Logger; changeCount?: ChangeCount | undefined; now?: () => number } = {},
): Promise<Services> {
  const { logger = loggerOfCommands(), changeCount, now = Date.now } = options
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const service of opened.reverse()) await service.close()
  }
  try {
    const onError = connectionTrouble(logger)
    const limits = await openRateLimits({ redisUrl: config.redisUrl, changeCount, onError })
    opened.push(limits)
    const { webhook, auditDays: retentionDays } = config
    const ground = await openGround(config, logger, { webhook, retentionDays })
    opened.push(ground)
    const tokens = await openTokens(config, { logger, observe: recordTokenEvents(ground.audit) })
    opened.push(tokens)
    const people = createPeople(config, { ground, logger, openRateLimiter: limits.open, tokens, now })
    opened.push({ close: people.closeMail })
    const { database } = ground
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

/** What everything else stands on. */
type Ground = Pick<AccountServices, "database" | "newerMigrations" | "secret" | "audit" | "close"> & {
  fromFile: ReturnType<typeof readClientsFile>
}

async function openGround(
  config: Config,
  logger: Logger,
  auditing: Pick<Parameters<typeof openAuditLog>[0], "webhook" | "retentionDays">,
): Promise<Ground> {
  const fromFile = readClientsFile(config.clientsFile)
  if (config.databaseUrl === null || config.redisUrl === null) prepareDataDirectory(config.dataDirectory)
  const secret = await loadSecret(config)
  const onError = connectionTrouble(logger)
  const database = openDatabase(config.databaseUrl ?? databasePathOf(config), { onError })
  try {
    const newerMigrations = await prepareTables(database, config)
    const audit = openAuditLog({ database, now: Date.now, logger, ...auditing })
    const close = async () => {
      await audit.close()
      await database.destroy()
    }
    return { fromFile, secret, database, newerMigrations, audit, close }
  } catch (error) {
    await database.destroy()
    throw error
  }
}

/**
 * Opens the token engine on the store that a configuration names. The data directory has been made before.
 * @param options.logger told of troubles that mend themselves
 * @param options.observe told of what happens to tokens; nobody is where left out
 * @throws StoreUnavailableError
 */
export async function openTokens(
  config: Config,
  options: { logger: Logger; observe?: (event: TokenEvent) => void },
): Promise<TokenService> {
  const { logger, observe } = options
  const { redisUrl, redisReplicas } = config
  const onError = connectionTrouble(logger)
  const store = await openStore({ sqlitePath: databasePathOf(config), redisUrl, redisReplicas, onError })
  return createTokenService({ store, onError, ...(observe === undefined ? {} : { observe }) })
}

function createPeople(
  config: Config,
  options: {
    ground: Ground
    logger: Logger
    openRateLimiter: OpenRateLimiter
    tokens: AccountTokens
    now: () => number
  },
): AccountServices {
  const { ground, logger, openRateLimiter, tokens, now } = options
  const { fromFile, ...shared } = ground
  const { database, audit, secret } = ground
  const { issuer, brand, smtp, mailFrom: from, providers, signUp: signUpPolicy } = config
  const mailer = createMailer({ smtp, from, siteName: brand.name, logger, now })
  const accounts = createBuiltInAccounts({
    ...{ database, issuer, secret, signUpPolicy, providers },
    ...{ openRateLimiter, tokens, audit, mailer, logger, now, fetch },
    mustVerifyEmail: config.verifyEmail,
    siteName: brand.name,
    breachedPasswords: createBreachedPasswords({ url: config.breachedPasswordsUrl, fetch, logger, now }),
  })
  const closeMail = async () => {
    await accounts.settled()
    await mailer.close()
  }
  return {
    ...shared,
    mailer,
    closeMail,
    accounts,
    clients: createClients({ database, fromFile, now }),
    apps: createApps({ database, audit, now }),
    accessKeys: createAccessKeys({
      database,
      audit,
      knownAddresses: createKnownAddresses({ database, now }),
      now,
    }),
    close: async () => {
      await closeMail()
      await ground.close()
    },
  }
}

/** What the accounts need of the token engine, which is opened when they first do. */
function whenNeeded(tokens: () => Promise<TokenService>): AccountTokens {
  return {
    revokeSessions: async (...call) => (await tokens()).revokeSessions(...call),
    announce: async (...call) => (await tokens()).announce(...call),
    keep: async (...call) => (await tokens()).keep(...call),
    recall: async (...call) => (await tokens()).recall(...call),
    take: async (...call) => (await tokens()).take(...call),
  }
}

function connectionTrouble(logger: Logger): (error: Error) => void {
  return (err) => logger.warn({ err }, "store connection")
}

/** Faults beside a command's own work are told on standard error, a line of JSON each; what mends itself is not. */
function loggerOfCommands(): Logger {
  const logger = createLogger(pino.destination({ dest: 2, sync: true }))
  logger.level = "error"
  return logger
}
