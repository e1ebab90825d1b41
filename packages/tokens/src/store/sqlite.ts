import type { EndedSession } from "../events.ts"
import { endedSession } from "../sessions.ts"
import { packScopes } from "./session-packing.ts"
import { connectToSqlite, type SqliteConnection, textOrNull } from "./sqlite-connection.ts"
import { sqliteDevices } from "./sqlite-devices.ts"
import { createSqliteFeed } from "./sqlite-feed.ts"
import { revokeClientOnSqlite, type TaggedDigest } from "./sqlite-revoke-client.ts"
import { codeOf, sessionOf } from "./sqlite-rows.ts"
import { createSqliteSweeper } from "./sqlite-sweeper.ts"
import {
  LAST_USE_RESOLUTION_MS,
  type Revocation,
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
    voidCodes: database.prepare(
      "DELETE FROM authchemy_codes WHERE account_id = ? AND used_by IS NULL RETURNING expires_at",
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
    findNamed: database.prepare(
      "SELECT digest FROM authchemy_sessions WHERE account_id = ? AND id = ? AND family IS NULL AND expires_at > ?",
    ),
    touch: database.prepare(
      "UPDATE authchemy_sessions SET last_used_at = ?1 WHERE digest = ?2 AND last_used_at <= ?1 - ?3",
    ),
    touchFamily: database.prepare(
      `UPDATE authchemy_sessions SET last_used_at = ?1
       WHERE last_used_at < ?1 AND digest = (SELECT family FROM authchemy_sessions WHERE digest = ?2)`,
    ),
    deleteSession: database.prepare("DELETE FROM authchemy_sessions WHERE digest = ? RETURNING *"),
    deleteAccess: database.prepare("DELETE FROM authchemy_sessions WHERE family = ? RETURNING digest"),
    deleteRefresh: database.prepare("DELETE FROM authchemy_refresh WHERE family = ?"),
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
  }

  const insertSession = (session: SessionRecord) => {
    const { digest, tag, id, accountId, device, createdAt, lastUsedAt, expiresAt } = session
    statements.insertSession.run(
      ...[digest, tag, id, accountId, JSON.stringify(device), createdAt, lastUsedAt, expiresAt],
      ...[session.clientId, packScopes(session.scopes), session.keyThumbprint, session.family],
    )
  }

  const create = ({ session, refresh }: SessionCreation, now: number) => {
    sweeper.sweep("sessions", now)
    insertSession(session)
    if (refresh === null) return
    insertSession(refresh.access)
    statements.insertRefresh.run(session.digest, refresh.current, refresh.access.digest)
  }

  const find = (tag: string, digest: string, now: number) => {
    const row = statements.findSession.get(digest, tag, now)
    return row === undefined ? null : sessionOf(row)
  }

  /** Ends sessions with all that hangs on them, and puts that on the feed, in the transaction that is under way. */
  const endTagged = (sessions: readonly TaggedDigest[], now: number): Revocation => {
    const items: string[] = []
    const ended: EndedSession[] = []
    for (const { tag, digest } of sessions) {
      for (const access of statements.deleteAccess.all(digest)) items.push(`${tag}.${access.digest}`)
      statements.deleteRefresh.run(digest)
      const row = statements.deleteSession.get(digest)
      if (row === undefined) continue
      items.push(`${tag}.${digest}`)
      const session = sessionOf(row)
      // An access token that a rotation leaves behind is no session.
      if (session.family === null && session.expiresAt > now) ended.push(endedSession(session))
    }
    feed.append(items, now)
    return { sessions: ended, items, unsettled: items.length === 0 }
  }
  const end = (tag: string, digests: readonly string[], now: number) =>
    endTagged(
      digests.map((digest) => ({ tag, digest })),
      now,
    )

  const sweeper = createSqliteSweeper(connection)
  const { transport, ...feed } = createSqliteFeed(connection, sweeper)
  const list = (accountId: string, now: number) => statements.listSessions.all(accountId, now).map(sessionOf)

  return {
    feed: transport,
    ...sqliteDevices(connection, sweeper),

    putCode: (code, now) =>
      writing(() => {
        sweeper.sweep("codes", now)
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
        if (row === undefined) return { outcome: "unknown", revocation: NOTHING }
        const { usedBy, endsOnReplay } = codeOf(row)
        if (usedBy !== null) {
          return { outcome: "replayed", revocation: endsOnReplay ? end(code.tag, [usedBy], now) : NOTHING }
        }
        statements.useCode.run(creation.session.digest, now + USED_CODE_RETENTION_MS, code.digest)
        create(creation, now)
        return { outcome: "redeemed", revocation: NOTHING }
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
        if (row === undefined || find(tag, family, now) === null)
          return { outcome: "unknown", revocation: NOTHING }
        if (row.current === presented) {
          sweeper.sweep("sessions", now)
          const revocation = row.access_before === null ? NOTHING : end(tag, [String(row.access_before)], now)
          insertSession(next.access)
          statements.rotate.run(next.current, now, next.nonce, next.access.digest, family)
          statements.touch.run(now, family, 1)
          return { outcome: "rotated", revocation: { ...revocation, unsettled: false } }
        }
        const since = Math.abs(now - Number(row.rotated_at))
        if (row.previous === presented && since < ROTATION_GRACE_MS) {
          const access = find(tag, String(row.access), now)
          if (access !== null) {
            return { outcome: "repeated", nonce: String(row.nonce), access, revocation: NOTHING }
          }
        }
        return { outcome: "replayed", revocation: end(tag, [family], now) }
      }),

    listSessions: (_tag, accountId, now) => reading(() => list(accountId, now)),

    touchSession: async (_tag, digest, now) => {
      sweeper.noteTime(now)
      await noting(() => {
        const { changes } = statements.touch.run(now, digest, LAST_USE_RESOLUTION_MS)
        if (changes === 1) statements.touchFamily.run(now, digest)
      })
    },

    revokeByDigest: (tag, digest, now) =>
      writing(() => {
        const session = find(tag, digest, now)
        return end(tag, session === null ? [] : [session.family ?? digest], now)
      }),

    revokeById: (tag, accountId, sessionId, now) =>
      writing(() => {
        const named = statements.findNamed.all(accountId, sessionId, now)
        return end(
          tag,
          named.map(({ digest }) => String(digest)),
          now,
        )
      }),

    revokeAll: (tag, accountId, exceptId, now) =>
      writing(() => {
        const codes = statements.voidCodes.all(accountId)
        const voided = codes.filter(({ expires_at }) => Number(expires_at) > now).length
        const others = list(accountId, now).filter(({ id }) => id !== exceptId)
        const digests = others.map(({ digest }) => digest)
        return { ...end(tag, digests, now), voided, confirmed: async () => {} }
      }),

    revokeClient: revokeClientOnSqlite(connection, endTagged),

    keep: (key, text, expiresAt, now) =>
      writing(() => {
        sweeper.sweep("kept", now)
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
      sweeper.close()
      if (database.isOpen) database.close()
    },
  }
}

const NOTHING: Revocation = { sessions: [], items: [], unsettled: false }
