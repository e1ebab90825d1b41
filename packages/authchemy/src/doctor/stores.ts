import { accessSync, constants, statfsSync, statSync } from "node:fs"
import { openStore } from "@authchemy/tokens"
import { sql } from "kysely"
import type { Config } from "../config.ts"
import { counted } from "../counts-in-words.ts"
import { type Database, openDatabase } from "../database/database.ts"
import { migrationStateOf } from "../database/migration-state.ts"
import { databasePathOf } from "../database/open-configured.ts"
import { openSqliteToRead } from "../database/sqlite.ts"
import { type Finding, ok, warning, wrong } from "./check.ts"

/** Others than this user who may look into a file or directory: the bits of its mode. */
export const OTHERS = 0o077
const MIB = 1024 * 1024
/** Less room than this is soon used up by sessions and the audit log. */
const LEAST_FREE_BYTES = 256 * MIB

/**
 * Whether the data directory is there, for this user alone, with room in it. Nothing is made.
 * @param freeBytes how much room there is at a path
 * @throws Error where it cannot be looked at or written to
 */
export function checkDataDirectory(
  { dataDirectory, databaseUrl, redisUrl }: Config,
  freeBytes: (path: string) => number = freeBytesAt,
): Finding {
  if (databaseUrl !== null && redisUrl !== null)
    return ok("not needed: everything is in PostgreSQL and Redis")
  const found = statSync(dataDirectory, { throwIfNoEntry: false })
  if (found === undefined) {
    return warning(`${dataDirectory} is not there yet`, "The server makes it when it first starts.")
  }
  if (!found.isDirectory()) return wrong(`${dataDirectory} is no directory`, "Set AUTHCHEMY_DATA_DIR to one.")
  if ((found.mode & OTHERS) !== 0)
    return wrong(`others may look into ${dataDirectory}`, `Run: chmod 700 ${dataDirectory}`)
  accessSync(dataDirectory, constants.R_OK | constants.W_OK | constants.X_OK)
  if (found.uid !== (process.getuid?.() ?? found.uid)) {
    return warning(
      `${dataDirectory} belongs to another user (${found.uid}), so what is found here need not be true for the server`,
      "Run this as the user that the server runs as.",
    )
  }
  const free = freeBytes(dataDirectory)
  if (free >= LEAST_FREE_BYTES) return ok(`${dataDirectory} is this user's alone`)
  return warning(`${dataDirectory} has ${Math.floor(free / MIB)} MiB left`, "Make room there.")
}

/** Whether the database answers, and has the tables that this version works on. Nothing is applied. @throws DatabaseUnavailableError */
export async function checkDatabase(config: Config): Promise<Finding> {
  const onSqlite = config.databaseUrl === null
  const name = onSqlite ? "SQLite" : "PostgreSQL"
  if (onSqlite && !hasFile(config)) return notYetThere
  return onDatabase(config, async (database) => {
    const { pending, unknown } = await migrationStateOf(database)
    if (pending.length > 0) {
      const message = `${name} answers; still to be applied: ${pending.join(", ")}`
      return onSqlite
        ? warning(message, "The server applies it when it starts.")
        : wrong(message, "Run: authchemy migrate")
    }
    if (unknown.length === 0) return ok(`${name} answers, and is up to date`)
    return warning(
      `${name} answers, and is newer than this version: it has ${unknown.join(", ")}`,
      "Nothing, where a newer version is being rolled out.",
    )
  })
}

/** Whether the store of codes and sessions answers. @throws StoreUnavailableError, DatabaseUnavailableError */
export async function checkTokenStore(config: Config): Promise<Finding> {
  const { redisUrl, redisReplicas } = config
  const sqlitePath = databasePathOf(config)
  if (redisUrl === null) {
    if (!hasFile(config)) return notYetThere
    const database = openSqliteToRead(sqlitePath)
    try {
      // Whoever may only read it cannot serve.
      accessSync(sqlitePath, constants.R_OK | constants.W_OK)
      await sql`SELECT count(*) FROM sqlite_master`.execute(database)
    } finally {
      await database.destroy()
    }
    return ok("SQLite answers for codes and sessions; they are of this machine's server alone")
  }
  const troubles: string[] = []
  const onError = (error: Error) => troubles.push(error.message)
  const store = await openStore({ sqlitePath, redisUrl, redisReplicas, onError })
  try {
    await store.ping()
  } finally {
    await store.close()
  }
  const [trouble] = troubles
  if (trouble === undefined) return ok("Redis answers for codes and sessions")
  return warning(`Redis answers for codes and sessions, but: ${trouble}`, "See docs/operations.md.")
}

/** Events that are older than this and have not arrived are stuck, in milliseconds. */
const STUCK_AFTER_MS = 60 * 60 * 1000
const TIME_DIGITS = 12

/**
 * Whether the webhook is told of events. It is not called.
 * @param now milliseconds since the epoch
 * @throws DatabaseUnavailableError
 */
export async function checkWebhook(config: Config, url: string, now: number): Promise<Finding> {
  if (config.databaseUrl === null && !hasFile(config)) return notYetThere
  // An event's id begins with its time (`audit/event-id.ts`).
  const before = `evt_${(now - STUCK_AFTER_MS).toString(16).padStart(TIME_DIGITS, "0")}`
  const stuck = await onDatabase(config, async (database) => {
    const { count } = await database
      .selectFrom("webhook_delivery")
      .select(({ fn }) => fn.countAll<number | string>().as("count"))
      .where("id", "<", before)
      .executeTakeFirstOrThrow()
    return Number(count)
  })
  const { host } = new URL(url)
  if (stuck === 0) return ok(`no event has waited for ${host} for an hour`)
  return warning(
    `${counted(stuck, "event has", "events have")} waited for ${host} for more than an hour`,
    "The server's log says how each attempt ended. What has not arrived after two days is given up.",
  )
}

/** A database for a piece of work that only reads; SQLite's file is there. @throws DatabaseUnavailableError, and what the work throws */
export async function onDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  const database =
    config.databaseUrl === null ? openSqliteToRead(databasePathOf(config)) : openDatabase(config.databaseUrl)
  try {
    return await work(database)
  } finally {
    await database.destroy()
  }
}

const notYetThere: Finding = warning(
  "the SQLite file is not there yet",
  "The server makes it when it first starts.",
)

function hasFile(config: Config): boolean {
  return statSync(databasePathOf(config), { throwIfNoEntry: false }) !== undefined
}

/** How much of the room that is left this user may have. */
function freeBytesAt(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
