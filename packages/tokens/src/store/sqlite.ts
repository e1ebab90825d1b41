import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { StoreUnavailableError } from "../errors.ts"
import {
  type CodeRecord,
  LAST_USE_RESOLUTION_MS,
  type SessionRecord,
  type TokenStore,
  USED_CODE_RETENTION_MS,
} from "./store.ts"

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS authchemy_codes (
    digest TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    account_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    device TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_by TEXT,
    keep_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_codes_keep_until ON authchemy_codes (keep_until);
  CREATE TABLE IF NOT EXISTS authchemy_sessions (
    digest TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_sessions_account ON authchemy_sessions (account_id, id);
  CREATE INDEX IF NOT EXISTS authchemy_sessions_expires_at ON authchemy_sessions (expires_at);
`

/** How long an operation is tried while another connection writes. */
const BUSY_LIMIT_MS = 2_000
const SQLITE_BUSY = 5
/** How many expired rows a write clears away on its way. */
const SWEEP_ROWS = 8

/**
 * Opens a store in an SQLite file (WAL; every write is on disk, `synchronous=FULL`, before it is acknowledged). Several
 * processes may share the file: a busy database is waited for without blocking the event loop, because the connection that holds
 * the lock may belong to this very process.
 * @param path the file, made where it is missing
 * @throws StoreUnavailableError
 */
export async function openSqliteStore(path: string): Promise<TokenStore> {
  const connection = await whenNotBusy(() => {
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
      database.exec(SCHEMA)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
  return createSqliteStore(connection)
}

function createSqliteStore(database: DatabaseSync): TokenStore {
  const statements = {
    insertCode: database.prepare("INSERT INTO authchemy_codes VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)"),
    findCode: database.prepare("SELECT * FROM authchemy_codes WHERE digest = ? AND tag = ?"),
    useCode: database.prepare("UPDATE authchemy_codes SET used_by = ?, keep_until = ? WHERE digest = ?"),
    sweepCodes: database.prepare(
      "DELETE FROM authchemy_codes WHERE digest IN (SELECT digest FROM authchemy_codes WHERE keep_until <= ? LIMIT ?)",
    ),
    insertSession: database.prepare("INSERT INTO authchemy_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    findSession: database.prepare(
      "SELECT * FROM authchemy_sessions WHERE digest = ? AND tag = ? AND expires_at > ?",
    ),
    listSessions: database.prepare(
      "SELECT * FROM authchemy_sessions WHERE account_id = ? AND expires_at > ? ORDER BY created_at DESC, id",
    ),
    touch: database.prepare(
      "UPDATE authchemy_sessions SET last_used_at = ?1 WHERE digest = ?2 AND last_used_at <= ?1 - ?3",
    ),
    deleteByDigest: database.prepare(
      "DELETE FROM authchemy_sessions WHERE digest = ? AND tag = ? AND expires_at > ?",
    ),
    deleteById: database.prepare(
      "DELETE FROM authchemy_sessions WHERE account_id = ? AND id = ? AND expires_at > ?",
    ),
    deleteAll: database.prepare(
      "DELETE FROM authchemy_sessions WHERE account_id = ? AND id IS NOT ? AND expires_at > ?",
    ),
    sweepSessions: database.prepare(
      "DELETE FROM authchemy_sessions WHERE digest IN (SELECT digest FROM authchemy_sessions WHERE expires_at <= ? LIMIT ?)",
    ),
  }

  /** Runs `work` in one transaction that holds the write lock from its beginning. */
  const writing = <T>(work: () => T): Promise<T> =>
    whenNotBusy(() => {
      database.exec("BEGIN IMMEDIATE")
      try {
        const result = work()
        database.exec("COMMIT")
        return result
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK")
        throw error
      }
    })

  const insertSession = (session: SessionRecord, now: number) => {
    statements.sweepSessions.run(now, SWEEP_ROWS)
    const { digest, tag, id, accountId, device, createdAt, lastUsedAt, expiresAt } = session
    statements.insertSession.run(
      ...[digest, tag, id, accountId, JSON.stringify(device), createdAt, lastUsedAt, expiresAt],
    )
  }

  return {
    putCode: (code, now) =>
      writing(() => {
        statements.sweepCodes.run(now, SWEEP_ROWS)
        const { digest, tag, accountId, redirectUri, codeChallenge, device, expiresAt } = code
        statements.insertCode.run(
          ...[
            digest,
            tag,
            accountId,
            redirectUri,
            codeChallenge,
            JSON.stringify(device),
            expiresAt,
            expiresAt,
          ],
        )
      }),

    findCode: (tag, digest) =>
      whenNotBusy(() => {
        const row = statements.findCode.get(digest, tag)
        return row === undefined ? null : codeOf(row)
      }),

    redeemCode: (code, session, now) =>
      writing(() => {
        const row = statements.findCode.get(code.digest, code.tag)
        if (row === undefined) return "unknown"
        const { usedBy } = codeOf(row)
        if (usedBy !== null) {
          statements.deleteByDigest.run(usedBy, code.tag, now)
          return "replayed"
        }
        statements.useCode.run(session.digest, now + USED_CODE_RETENTION_MS, code.digest)
        insertSession(session, now)
        return "redeemed"
      }),

    createSession: (session, now) => writing(() => insertSession(session, now)),

    findSession: (tag, digest, now) =>
      whenNotBusy(() => {
        const row = statements.findSession.get(digest, tag, now)
        return row === undefined ? null : sessionOf(row)
      }),

    listSessions: (_tag, accountId, now) =>
      whenNotBusy(() => statements.listSessions.all(accountId, now).map(sessionOf)),

    touchSession: async (_tag, digest, now) => {
      await writing(() => statements.touch.run(now, digest, LAST_USE_RESOLUTION_MS))
    },

    revokeByDigest: (tag, digest, now) =>
      writing(() => statements.deleteByDigest.run(digest, tag, now).changes === 1),

    revokeById: (_tag, accountId, sessionId, now) =>
      writing(() => statements.deleteById.run(accountId, sessionId, now).changes === 1),

    revokeAll: (_tag, accountId, exceptId, now) =>
      writing(() => Number(statements.deleteAll.run(accountId, exceptId, now).changes)),

    ping: async () => {
      await whenNotBusy(() => database.exec("SELECT 1 FROM authchemy_sessions LIMIT 1"))
    },

    close: async () => {
      if (database.isOpen) database.close()
    },
  }
}

/** Tries again, with growing pauses, while another connection holds the lock; whatever else goes wrong, the store is unavailable. */
async function whenNotBusy<T>(work: () => T): Promise<T> {
  let waited = 0
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || waited >= BUSY_LIMIT_MS) throw new StoreUnavailableError(error)
    }
    const pauseWithJitter = pause * (0.5 + Math.random())
    waited += pauseWithJitter
    await delay(pauseWithJitter)
  }
}

function isBusy(error: unknown): boolean {
  // The low byte is the primary result code: SQLITE_BUSY itself and its extended forms.
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
}

type Row = Record<string, SQLOutputValue>

function codeOf(row: Row): CodeRecord {
  return {
    digest: String(row.digest),
    tag: String(row.tag),
    accountId: String(row.account_id),
    redirectUri: String(row.redirect_uri),
    codeChallenge: row.code_challenge === null ? null : String(row.code_challenge),
    device: JSON.parse(String(row.device)),
    expiresAt: Number(row.expires_at),
    usedBy: row.used_by === null ? null : String(row.used_by),
  }
}

function sessionOf(row: Row): SessionRecord {
  return {
    digest: String(row.digest),
    tag: String(row.tag),
    id: String(row.id),
    accountId: String(row.account_id),
    device: JSON.parse(String(row.device)),
    createdAt: Number(row.created_at),
    lastUsedAt: Number(row.last_used_at),
    expiresAt: Number(row.expires_at),
  }
}
