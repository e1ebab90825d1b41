import { packScopes, unpackScopes } from "./session-packing.ts"
import {
  connectToSqlite,
  type Row,
  type SqliteConnection,
  SWEEP_ROWS,
  textOrNull,
} from "./sqlite-connection.ts"
import { sqliteDevices } from "./sqlite-devices.ts"
import {
  type CodeRecord,
  LAST_USE_RESOLUTION_MS,
  ROTATION_GRACE_MS,
  type SessionCreation,
  type SessionRecord,
  type TokenStore,
  USED_CODE_RETENTION_MS,
} from "./store.ts"

/**
 * Opens a store in an SQLite file. Several processes may share it: a busy database is waited for without blocking the event loop, because
 * the connection that holds the lock may belong to this very process.
 * @param path the file, made where it is missing
 * @throws StoreUnavailableError
 */
export async function openSqliteStore(path: string): Promise<TokenStore> {
  return createSqliteStore(await connectToSqlite(path))
}

function createSqliteStore(connection: SqliteConnection): TokenStore {
  const { database, reading, writing, noting } = connection
  const statements = {
    putCode: database.prepare(
      `INSERT INTO authchemy_codes VALUES (${Array(13).fill("?").join(", ")})
       ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at, keep_until = excluded.keep_until
         WHERE used_by IS NULL`,
    ),
    findCode: database.prepare("SELECT * FROM authchemy_codes WHERE digest = ? AND tag = ?"),
    useCode: database.prepare("UPDATE authchemy_codes SET used_by = ?, keep_until = ? WHERE digest = ?"),
    sweepCodes: database.prepare(
      "DELETE FROM authchemy_codes WHERE digest IN (SELECT digest FROM authchemy_codes WHERE keep_until <= ? LIMIT ?)",
    ),
    insertSession: database.prepare(
      `INSERT INTO authchemy_sessions VALUES (${Array(12).fill("?").join(", ")})`,
    ),
    findSession: database.prepare(
      "SELECT * FROM authchemy_sessions WHERE digest = ? AND tag = ? AND expires_at > ?",
    ),
    listSessions: database.prepare(
      "SELECT * FROM authchemy_sessions WHERE account_id = ? AND family IS NULL AND expires_at > ? ORDER BY created_at DESC, id",
    ),
    touch: database.prepare(
      "UPDATE authchemy_sessions SET last_used_at = ?1 WHERE digest = ?2 AND last_used_at <= ?1 - ?3",
    ),
    touchFamily: database.prepare(
      `UPDATE authchemy_sessions SET last_used_at = ?1
       WHERE last_used_at < ?1 AND digest = (SELECT family FROM authchemy_sessions WHERE digest = ?2)`,
    ),
    deleteSession: database.prepare("DELETE FROM authchemy_sessions WHERE digest = ? AND expires_at > ?"),
    deleteAccess: database.prepare("DELETE FROM authchemy_sessions WHERE family = ?"),
    deleteRefresh: database.prepare("DELETE FROM authchemy_refresh WHERE family = ?"),
    sweepSessions: database.prepare(
      "DELETE FROM authchemy_sessions WHERE digest IN (SELECT digest FROM authchemy_sessions WHERE expires_at <= ? LIMIT ?) RETURNING digest",
    ),
    insertRefresh: database.prepare("INSERT INTO authchemy_refresh VALUES (?, ?, NULL, NULL, NULL, ?, NULL)"),
    findRefresh: database.prepare("SELECT * FROM authchemy_refresh WHERE family = ?"),
    rotate: database.prepare(
      `UPDATE authchemy_refresh SET previous = current, current = ?, rotated_at = ?, nonce = ?,
         access_before = access, access = ? WHERE family = ?`,
    ),
    keep: database.prepare(
      `INSERT INTO authchemy_kept VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET text = excluded.text, expires_at = excluded.expires_at WHERE expires_at <= ?`,
    ),
    recall: database.prepare("SELECT text FROM authchemy_kept WHERE key = ? AND expires_at > ?"),
    take: database.prepare("DELETE FROM authchemy_kept WHERE key = ? RETURNING text, expires_at"),
    sweepKept: database.prepare(
      "DELETE FROM authchemy_kept WHERE key IN (SELECT key FROM authchemy_kept WHERE expires_at <= ? LIMIT ?)",
    ),
  }

  const insertSession = (session: SessionRecord) => {
    const { digest, tag, id, accountId, device, createdAt, lastUsedAt, expiresAt } = session
    statements.insertSession.run(
      ...[digest, tag, id, accountId, JSON.stringify(device), createdAt, lastUsedAt, expiresAt],
      ...[session.clientId, packScopes(session.scopes), session.keyThumbprint, session.family],
    )
  }

  const create = ({ session, refresh }: SessionCreation, now: number) => {
    for (const { digest } of statements.sweepSessions.all(now, SWEEP_ROWS)) {
      statements.deleteRefresh.run(String(digest))
    }
    insertSession(session)
    if (refresh === null) return
    insertSession(refresh.access)
    statements.insertRefresh.run(session.digest, refresh.current, refresh.access.digest)
  }

  const find = (tag: string, digest: string, now: number) => {
    const row = statements.findSession.get(digest, tag, now)
    return row === undefined ? null : sessionOf(row)
  }

  /** Ends a session with all that hangs on it. */
  const finish = (digest: string, now: number): boolean => {
    statements.deleteAccess.run(digest)
    statements.deleteRefresh.run(digest)
    return statements.deleteSession.run(digest, now).changes === 1
  }

  const list = (accountId: string, now: number) => statements.listSessions.all(accountId, now).map(sessionOf)

  return {
    ...sqliteDevices(connection),

    putCode: (code, now) =>
      writing(() => {
        statements.sweepCodes.run(now, SWEEP_ROWS)
        const { digest, tag, accountId, redirectUri, codeChallenge, device, expiresAt } = code
        statements.putCode.run(
          ...[digest, tag, accountId, redirectUri, codeChallenge, JSON.stringify(device), expiresAt, null],
          ...[expiresAt, code.clientId, packScopes(code.scopes), code.keyThumbprint],
          code.endsOnReplay ? 1 : 0,
        )
      }),

    findCode: (tag, digest) =>
      reading(() => {
        const row = statements.findCode.get(digest, tag)
        return row === undefined ? null : codeOf(row)
      }),

    redeemCode: (code, creation, now) =>
      writing(() => {
        const row = statements.findCode.get(code.digest, code.tag)
        if (row === undefined) return "unknown"
        const { usedBy, endsOnReplay } = codeOf(row)
        if (usedBy !== null) {
          if (endsOnReplay) finish(usedBy, now)
          return "replayed"
        }
        statements.useCode.run(creation.session.digest, now + USED_CODE_RETENTION_MS, code.digest)
        create(creation, now)
        return "redeemed"
      }),

    createSession: (creation, now) => writing(() => create(creation, now)),

    findSession: (tag, digest, now) => reading(() => find(tag, digest, now)),

    findRefresh: (tag, family, now) =>
      reading(() => {
        const session = find(tag, family, now)
        const row = statements.findRefresh.get(family)
        return session === null || row === undefined ? null : { session, current: String(row.current) }
      }),

    rotateRefresh: ({ tag, family, presented, next }, now) =>
      writing(() => {
        const row = statements.findRefresh.get(family)
        if (row === undefined || find(tag, family, now) === null) return { outcome: "unknown" }
        if (row.current === presented) {
          statements.deleteSession.run(row.access_before ?? null, 0)
          insertSession(next.access)
          statements.rotate.run(next.current, now, next.nonce, next.access.digest, family)
          statements.touch.run(now, family, 1)
          return { outcome: "rotated" }
        }
        const since = Math.abs(now - Number(row.rotated_at))
        if (row.previous === presented && since < ROTATION_GRACE_MS) {
          const access = find(tag, String(row.access), now)
          if (access !== null) return { outcome: "repeated", nonce: String(row.nonce), access }
        }
        finish(family, now)
        return { outcome: "replayed" }
      }),

    listSessions: (_tag, accountId, now) => reading(() => list(accountId, now)),

    touchSession: async (_tag, digest, now) => {
      await noting(() => {
        const { changes } = statements.touch.run(now, digest, LAST_USE_RESOLUTION_MS)
        if (changes === 1) statements.touchFamily.run(now, digest)
      })
    },

    revokeByDigest: (tag, digest, now) =>
      writing(() => {
        const session = find(tag, digest, now)
        if (session === null) return false
        finish(session.family ?? digest, now)
        return true
      }),

    revokeById: (_tag, accountId, sessionId, now) =>
      writing(() => {
        const session = list(accountId, now).find(({ id }) => id === sessionId)
        return session !== undefined && finish(session.digest, now)
      }),

    revokeAll: (_tag, accountId, exceptId, now) =>
      writing(() => {
        const others = list(accountId, now).filter(({ id }) => id !== exceptId)
        return others.filter(({ digest }) => finish(digest, now)).length
      }),

    keep: (key, text, expiresAt, now) =>
      writing(() => {
        statements.sweepKept.run(now, SWEEP_ROWS)
        return statements.keep.run(key, text, expiresAt, now).changes === 1
      }),

    recall: (key, now) => reading(() => textOrNull(statements.recall.get(key, now)?.text)),

    take: (key, now) =>
      writing(() => {
        const row = statements.take.get(key)
        return row === undefined || Number(row.expires_at) <= now ? null : String(row.text)
      }),

    ping: async () => {
      await reading(() => database.exec("SELECT 1 FROM authchemy_sessions LIMIT 1"))
    },

    close: async () => {
      if (database.isOpen) database.close()
    },
  }
}

function codeOf(row: Row): CodeRecord {
  return {
    digest: String(row.digest),
    tag: String(row.tag),
    accountId: String(row.account_id),
    clientId: String(row.client_id),
    scopes: unpackScopes(String(row.scopes)),
    redirectUri: textOrNull(row.redirect_uri),
    codeChallenge: textOrNull(row.code_challenge),
    keyThumbprint: textOrNull(row.key_thumbprint),
    device: JSON.parse(String(row.device)),
    endsOnReplay: row.ends_on_replay === 1,
    expiresAt: Number(row.expires_at),
    usedBy: textOrNull(row.used_by),
  }
}

function sessionOf(row: Row): SessionRecord {
  return {
    digest: String(row.digest),
    tag: String(row.tag),
    id: String(row.id),
    accountId: String(row.account_id),
    clientId: String(row.client_id),
    scopes: unpackScopes(String(row.scopes)),
    device: JSON.parse(String(row.device)),
    keyThumbprint: textOrNull(row.key_thumbprint),
    family: textOrNull(row.family),
    createdAt: Number(row.created_at),
    lastUsedAt: Number(row.last_used_at),
    expiresAt: Number(row.expires_at),
  }
}
