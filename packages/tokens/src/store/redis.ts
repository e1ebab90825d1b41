import { ALCHEMY_CLIENT_ID } from "@authchemy/protocol"
import { connectStore, fieldsFrom, isolationProblem, type RedisConnection } from "./redis-connection.ts"
import { redisDevices } from "./redis-devices.ts"
import { createRedisFeed } from "./redis-feed.ts"
import { revokeClientOnRedis } from "./redis-revoke-client.ts"
import {
  isAccessToken,
  packId,
  packRecord,
  packScopes,
  packShown,
  packTime,
  unpackScopes,
  unpackSession,
} from "./session-packing.ts"
import {
  type CodeRecord,
  LAST_USE_RESOLUTION_MS,
  type Revocation,
  ROTATION_GRACE_MS,
  type SessionCreation,
  type SessionRecord,
  type TokenStore,
  USED_CODE_RETENTION_MS,
} from "./store.ts"

/**
 * Opens a store on Redis: one server, Sentinel or Cluster. Keys: `<prefix>s:{tag}` the sessions of the accounts with this tag, `<prefix>r:{tag}` their refresh families,
 * `<prefix>t:{tag}` what has just ended, `<prefix>c:{tag}<digest>` codes, `<prefix>d:` and `<prefix>u:` devices, `<prefix>n:<key>` texts that are kept, `<prefix>f:{feed}` the feed.
 * Commands are never queued while the connection is down, and each is given up after 500 ms. The connection is made anew by itself.
 *
 * @param options.url as `redis-url.ts` says
 * @param options.replicas how many replicas must have a revocation before it is acknowledged
 * @param options.prefix in front of every key
 * @param options.onError told of connection troubles; the message carries no credential
 * @throws StoreUnavailableError where the server cannot be reached, or evicts keys (`maxmemory-policy` must be `noeviction`)
 */
export async function openRedisStore(options: {
  url: string
  replicas?: number
  prefix?: string
  onError?: ((error: Error) => void) | undefined
}): Promise<TokenStore> {
  const { url, replicas = 0, prefix = "authchemy:", onError } = options
  const connection = await connectStore({ url, onError })
  try {
    const problem = replicas > 0 ? await isolationProblem(connection) : null
    if (problem !== null) onError?.(new Error(problem))
    const keys = keysOf(prefix)
    const transport = await createRedisFeed({ url, prefix, connection, keys, replicas, onError })
    return { ...createRedisStore(connection, prefix, keys), feed: transport }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** The keys of the accounts with a tag. */
export type TagKeys = (tag: string) => [sessions: string, families: string, tombstones: string]

function keysOf(prefix: string): TagKeys {
  return (tag) => [`${prefix}s:{${tag}}`, `${prefix}r:{${tag}}`, `${prefix}t:{${tag}}`]
}

function createRedisStore(
  connection: RedisConnection,
  prefix: string,
  keys: TagKeys,
): Omit<TokenStore, "feed"> {
  const { scripts } = connection
  const codeKey = (tag: string, digest: string) => `${prefix}c:{${tag}}${digest}`
  const keptKey = (key: string) => `${prefix}n:${key}`
  const channel = `${prefix}feed`

  return {
    ...redisDevices(connection, prefix),

    putCode: async (code, now) => {
      const { tag, digest } = code
      const fields = Object.entries(codeFields(code)).flat()
      const ttl = String(Math.max(1, code.expiresAt - now))
      await scripts.putCode([codeKey(tag, digest)], [ttl, ...fields])
    },

    findCode: async (tag, digest) => {
      const fields = fieldsFrom(await scripts.findCode([codeKey(tag, digest)], []))
      return fields.accountId === undefined ? null : codeOf(tag, digest, fields)
    },

    redeemCode: async (code, creation, now) => {
      const { tag, digest } = code
      const [ended, outcome] = await scripts.redeemCode(
        [...keys(tag), codeKey(tag, digest)],
        [channel, tag, String(now), String(USED_CODE_RETENTION_MS), ...creationArguments(creation, now)],
      )
      return {
        outcome: outcome.toString() as "redeemed" | "replayed" | "unknown",
        revocation: revocationOf(tag, ended, 0),
      }
    },

    createSession: async (creation, now) => {
      const given = [String(now), ...creationArguments(creation, now)]
      await scripts.createSession(keys(creation.session.tag), given)
    },

    findSession: async (tag, digest, now) => {
      const [sessions] = keys(tag)
      const [record, session, shown] = await scripts.findSession([sessions], [digest])
      if (record === undefined || session === undefined || shown === undefined) return null
      return liveSession({ ...unpackSession(record, session, shown), tag, digest }, now)
    },

    findRefresh: async (tag, family, now) => {
      const [sessions, families] = keys(tag)
      const [record, shown, json] = await scripts.findRefresh([sessions, families], [family])
      if (record === undefined || shown === undefined || json === undefined) return null
      const session = liveSession({ ...unpackSession(record, record, shown), tag, digest: family }, now)
      return session === null ? null : { session, current: currentOf(json) }
    },

    rotateRefresh: async ({ tag, family, presented, next }, now) => {
      const { access } = next
      const [ended, outcome, nonce, digest, record, session, shown] = await scripts.rotateRefresh(keys(tag), [
        ...[channel, tag, family, String(now), packTime(now), String(ROTATION_GRACE_MS)],
        ...[presented, next.current, next.nonce, access.digest, packRecord(access)],
      ])
      const revocation = revocationOf(tag, ended, 0)
      const said = outcome?.toString()
      if (said !== "repeated") return { outcome: said as "rotated" | "replayed" | "unknown", revocation }
      if (!nonce || !digest || !record || !session || !shown) throw new Error("an answer of Redis is cut off")
      const repeated = { ...unpackSession(record, session, shown), tag, digest: digest.toString() }
      return { outcome: said, nonce: nonce.toString(), access: repeated, revocation }
    },

    listSessions: async (tag, accountId, now) => {
      const [sessions] = keys(tag)
      const found = new Map<string, Buffer>()
      const fields = await scripts.listSessions([sessions], [])
      for (let index = 0; index + 1 < fields.length; index += 2) {
        found.set((fields[index] as Buffer).toString("latin1"), fields[index + 1] as Buffer)
      }
      const listed: SessionRecord[] = []
      for (const [digest, record] of found) {
        if (digest.length !== DIGEST_LENGTH || isAccessToken(record)) continue
        const shown = found.get(record.toString("latin1", 20, 32)) ?? Buffer.alloc(0)
        const session = liveSession({ ...unpackSession(record, record, shown), tag, digest }, now)
        if (session?.accountId === accountId) listed.push(session)
      }
      return listed.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
    },

    touchSession: async (tag, digest, now) => {
      const [sessions] = keys(tag)
      await scripts.touchSession([sessions], [digest, packTime(now), String(now - LAST_USE_RESOLUTION_MS)])
    },

    revokeByDigest: async (tag, digest, now) => {
      const given = [channel, tag, digest, String(now)]
      const [ended, count] = await scripts.revokeByDigest(keys(tag), given)
      return revocationOf(tag, ended, count)
    },

    revokeById: async (tag, accountId, sessionId, now) => {
      const given = [channel, tag, accountId, packId(sessionId), String(now)]
      const [ended, count] = await scripts.revokeById(keys(tag), given)
      return revocationOf(tag, ended, count)
    },

    revokeAll: async (tag, accountId, exceptId, now) => {
      const given = [channel, tag, accountId, exceptId === null ? "" : packId(exceptId), String(now)]
      const [ended, count] = await scripts.revokeAll(keys(tag), given)
      return revocationOf(tag, ended, count)
    },

    revokeClient: revokeClientOnRedis({ connection, prefix, keys, channel }),

    keep: async (key, text, expiresAt, now) => {
      const ttl = String(Math.max(1, expiresAt - now))
      const given = [String(now), `${expiresAt} ${text}`, ttl]
      return (await scripts.keep([keptKey(key)], given)) === 1
    },

    recall: async (key, now) => unexpired(await scripts.recall([keptKey(key)], []), now),

    take: async (key, now) => unexpired(await scripts.take([keptKey(key)], []), now),

    ping: async () => {
      await scripts.ping([keptKey("")], [])
    },

    close: () => connection.close(),
  }
}

/** base64url of SHA-256. Ids, the other fields of the hash, are shorter. */
const DIGEST_LENGTH = 43

/** What the scripts that create a session take: see `CREATE` in `redis-scripts.ts`. */
function creationArguments({ session, refresh }: SessionCreation, now: number): (string | Buffer)[] {
  const created = [
    ...[session.digest, packRecord(session), packId(session.id), packShown(session)],
    String(Math.max(1, session.expiresAt - now)),
  ]
  if (refresh === null) return created
  const { current, access } = refresh
  const family = JSON.stringify({ current, access: access.digest })
  return [...created, family, access.digest, packRecord(access)]
}

function revocationOf(tag: string, ended: readonly Buffer[], count: number): Revocation {
  const items = ended.map((digest) => `${tag}.${digest.toString("latin1")}`)
  return { ended: count, items, unsettled: false }
}

function liveSession(session: SessionRecord, now: number): SessionRecord | null {
  return session.expiresAt > now ? session : null
}

function currentOf(family: Buffer): string {
  return (JSON.parse(family.toString()) as { current: string }).current
}

function unexpired(kept: Buffer | null, now: number): string | null {
  if (kept === null) return null
  const text = kept.toString()
  const space = text.indexOf(" ")
  return Number(text.slice(0, space)) <= now ? null : text.slice(space + 1)
}

function codeFields(code: CodeRecord): Record<string, string> {
  return {
    accountId: code.accountId,
    clientId: code.clientId,
    scopes: packScopes(code.scopes),
    redirectUri: code.redirectUri ?? "",
    codeChallenge: code.codeChallenge ?? "",
    keyThumbprint: code.keyThumbprint ?? "",
    device: JSON.stringify(code.device),
    endsOnReplay: code.endsOnReplay ? "1" : "0",
    expiresAt: String(code.expiresAt),
    usedBy: "",
  }
}

function codeOf(tag: string, digest: string, fields: Record<string, string | undefined>): CodeRecord {
  return {
    digest,
    tag,
    accountId: fields.accountId ?? "",
    clientId: fields.clientId || ALCHEMY_CLIENT_ID,
    scopes: unpackScopes(fields.scopes ?? ""),
    redirectUri: fields.redirectUri || null,
    codeChallenge: fields.codeChallenge || null,
    keyThumbprint: fields.keyThumbprint || null,
    device: JSON.parse(fields.device ?? "{}"),
    endsOnReplay: fields.endsOnReplay !== "0",
    expiresAt: Number(fields.expiresAt),
    usedBy: fields.usedBy || null,
  }
}
