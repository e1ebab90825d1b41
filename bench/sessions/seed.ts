// Fills a store with live sessions, in seconds for a million.
import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { ALCHEMY_CLIENT_ID, DEFAULT_SCOPES } from "@authchemy/protocol"
import {
  createTokenService,
  digestOf,
  mintToken,
  openStore,
  StoreUnavailableError,
  type TokenService,
  tagOf,
} from "@authchemy/tokens"
import { tokenWriter } from "./token-list.ts"

/** What to fill, with how many sessions, and where their tokens are written. */
export type Seeding = {
  sqlitePath: string
  redisUrl: string | null
  tokensPath: string
  count: number
  sessionsPerAccount: number
}

const IN_FLIGHT = 256
/**
 * Seeded sessions look as if they were used this much later: a verifier notes a use once a minute, and the first pass over a million of them would be a million
 * notes, which no million people make in a few seconds.
 */
const USED_AHEAD_MS = 3_600_000

/** The id of an account, as long as real ones are: 32 characters. */
const accountOf = (number: number) => digestOf(`account ${number}`).slice(0, 32)

/** A grant as `alchemy auth login` gets it. */
export const grantOf = (account: number) => ({
  accountId: accountOf(account),
  clientId: ALCHEMY_CLIENT_ID,
  scopes: DEFAULT_SCOPES,
  device: {
    name: `ada-mbp-${String(account % 10_000).padStart(4, "0")}`,
    os: "Ubuntu 24.04",
    client: "alchemy-cli/1.0.0",
  },
  expiresInSeconds: 30 * 86_400,
})

/** Random bytes for tokens that protect nothing, asked of the system in large portions. */
function pooledRandomBytes(): (size: number) => Uint8Array {
  let pool = Buffer.alloc(0)
  return (size) => {
    if (pool.length < size) pool = randomBytes(1 << 16)
    const taken = pool.subarray(0, size)
    pool = pool.subarray(size)
    return taken
  }
}

/** Does what nobody measures once more where the store did not answer in time, as on a machine that is busy with other things. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let trial = 1; ; trial++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || trial === 5) throw error
    }
  }
}

/** Fills the store. Resolves with the seconds that took. */
export async function seed(seeding: Seeding): Promise<number> {
  const started = performance.now()
  const { sqlitePath, redisUrl, tokensPath, count } = seeding
  const { bytes, put } = tokenWriter(count)
  const random = pooledRandomBytes()
  const engine = createTokenService({
    store: await openStore({ sqlitePath, redisUrl }),
    randomBytes: random,
    now: () => Date.now() + USED_AHEAD_MS,
  })
  try {
    await (redisUrl === null ? seedSqlite : seedRedis)({ seeding, engine, put, random })
  } finally {
    await engine.close()
  }
  writeFileSync(tokensPath, bytes)
  return (performance.now() - started) / 1000
}

type Filling = {
  seeding: Seeding
  engine: TokenService
  put: (index: number, token: string) => void
  random: (size: number) => Uint8Array
}

/** By the engine, one call a session, many in flight. */
async function seedRedis({ seeding, engine, put }: Filling): Promise<void> {
  const { count, sessionsPerAccount } = seeding
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      const grant = grantOf(Math.floor(index / sessionsPerAccount))
      const { token } = await persistently(() => engine.createSession(grant))
      put(index, token)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

/**
 * As copies, in one transaction, of a row that the engine wrote: a call of the engine is on disk before it returns, which would be minutes for a million of
 * them.
 */
async function seedSqlite({ seeding, engine, put, random }: Filling): Promise<void> {
  const { sqlitePath, count, sessionsPerAccount } = seeding
  const { token } = await engine.createSession(grantOf(0))
  const database = new DatabaseSync(sqlitePath)
  database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN IMMEDIATE")
  const pattern = database
    .prepare("SELECT * FROM authchemy_sessions WHERE digest = ?")
    .get(digestOf(token)) as Record<string, SQLInputValue>
  const columns = Object.keys(pattern)
  const insert = database.prepare(
    `INSERT INTO authchemy_sessions (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  )
  put(0, token)
  for (let index = 1; index < count; index++) {
    const { accountId, device } = grantOf(Math.floor(index / sessionsPerAccount))
    const copy = mintToken("at", accountId, random)
    put(index, copy)
    const row: Record<string, SQLInputValue> = {
      ...{ ...pattern, digest: digestOf(copy), tag: tagOf(accountId), account_id: accountId },
      ...{ id: Buffer.from(random(12)).toString("base64url"), device: JSON.stringify(device) },
    }
    insert.run(...columns.map((column) => row[column] ?? null))
  }
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
  database.close()
}
