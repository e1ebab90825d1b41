import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely"
import { Pool, type PoolClient } from "pg"
import { DatabaseUnavailableError } from "./database-error.ts"
import { connectionError, statementError } from "./postgres-error.ts"
import type { Schema } from "./schema.ts"

/** How many connections one server holds at most. */
const MOST_CONNECTIONS = 10
/** How long a connection is waited for, a new one or a free one. */
const CONNECT_LIMIT_MS = 2_000
/** How long a statement may take, by the server's clock and by ours: a server that is silent cannot cut itself off. */
const STATEMENT_LIMIT_MS = 5_000
/** A connection that nobody uses is closed after this time. */
const IDLE_LIMIT_MS = 30_000
/** A connection is used no longer than this, so that servers that were moved or added are found. */
const LIFETIME_SECONDS = 30 * 60
const KEEP_ALIVE_AFTER_MS = 10_000

/**
 * Accounts, apps and keys on PostgreSQL: at most ten connections, made when they are needed and made anew when they were lost. What the URL says of TLS
 * (`sslmode`, `sslrootcert`) and of anything else counts as `pg` understands it; the name that the server is told is `authchemy`, where the URL gives none.
 */
export class PostgresDatabase extends Kysely<Schema> {
  readonly #url: string
  readonly #pool: Pool

  /**
   * @param url `postgres://user:password@host:port/database?sslmode=verify-full`
   * @param onError told of connections that were lost while nobody used them
   */
  constructor(url: string, onError: (error: Error) => void) {
    const pool = poolOf(url, { max: MOST_CONNECTIONS, statementLimitMs: STATEMENT_LIMIT_MS, onError })
    super({ dialect: new PostgresDialect({ pool: forKysely(pool) }) })
    this.#url = url
    this.#pool = pool
  }

  /** Closes the connections. Kysely alone would leave a pool open that nobody has used yet, and connect for whoever comes later. */
  override async destroy(): Promise<void> {
    await super.destroy()
    if (!this.#pool.ending) await this.#pool.end()
  }

  /** The same database through one connection of its own, for statements that take long. The caller destroys it. */
  withStatementLimit(statementLimitMs: number): Kysely<Schema> {
    const pool = poolOf(this.#url, { max: 1, statementLimitMs, onError: () => {} })
    return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: forKysely(pool) }) })
  }
}

function poolOf(
  url: string,
  options: { max: number; statementLimitMs: number; onError: (error: Error) => void },
): Pool {
  const { max, statementLimitMs, onError } = options
  const pool = new Pool({
    connectionString: url,
    application_name: "authchemy",
    max,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    statement_timeout: statementLimitMs,
    query_timeout: statementLimitMs,
    idleTimeoutMillis: IDLE_LIMIT_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
  })
  pool.on("error", onError)
  // A connection that is lost while it is used tells its statement too; an event that nobody hears would end the process.
  pool.on("connect", (client) => client.on("error", () => {}))
  return pool
}

function forKysely(pool: Pool): PostgresPool {
  return {
    options: {},
    connect: async () => {
      try {
        return clientForKysely(await pool.connect())
      } catch (error) {
        throw connectionError(error)
      }
    },
    end: () => pool.end(),
  }
}

/** Once a statement has met a connection at fault, nothing more is sent through it, and it does not go back to the pool. */
function clientForKysely(client: PoolClient): PostgresPoolClient {
  let fault: DatabaseUnavailableError | null = null
  const query = async (sql: string, parameters: readonly unknown[]) => {
    if (fault !== null) throw fault
    try {
      return await client.query(sql, parameters.map(storable))
    } catch (error) {
      const seen = statementError(error)
      if (seen instanceof DatabaseUnavailableError) fault = seen
      throw seen
    }
  }
  return {
    // Kysely's type has a second form, for cursors; it asks for none unless the dialect is given them.
    query: query as unknown as PostgresPoolClient["query"],
    release: (discarded) => client.release(discarded === true || fault !== null),
  }
}

/** PostgreSQL's texts cannot hold U+0000 and refuse a statement for it, a look-up too: it is replaced, as HTML does. */
function storable(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value
}
