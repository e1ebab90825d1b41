import { redisCodes } from "./redis-codes.ts"
import { connectStore, isolationProblem, type RedisConnection } from "./redis-connection.ts"
import { redisDevices } from "./redis-devices.ts"
import { createRedisFeed } from "./redis-feed.ts"
import { creationArguments, keysOf, revocationOf, type TagKeys } from "./redis-records.ts"
import { type OnReplicas, onReplicas } from "./redis-replicas.ts"
import { revokeClientOnRedis } from "./redis-revoke-client.ts"
import { isAccessToken, packId, packRecord, packTime, unpackSession } from "./session-packing.ts"
import {
  LAST_USE_RESOLUTION_MS,
  LONGEST_CODE_LIFE_MS,
  ROTATION_GRACE_MS,
  type SessionRecord,
  type TokenStore,
} from "./store.ts"

/**
 * Opens a store on Redis: one server, Sentinel or Cluster. Keys: `<prefix>s:{tag}` the sessions of the accounts with this tag, `<prefix>r:{tag}` their refresh families,
 * `<prefix>t:{tag}` what has just ended, `<prefix>c:{tag}<digest>` codes, `<prefix>e:{tag}` which of them are void, `<prefix>w:{tag}` which of them wait, `<prefix>d:` and `<prefix>u:` devices, `<prefix>n:<key>` texts that are kept, `<prefix>f:{feed}` the feed.
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
    const replicated = onReplicas(connection, replicas)
    const feed = await createRedisFeed({ url, prefix, connection, keys, replicated, onError })
    return { ...createRedisStore({ connection, prefix, keys, replicated }), feed }
  } catch (error) {
    await connection.close()
    throw error
  }
}

function createRedisStore(options: {
  connection: RedisConnection
  prefix: string
  keys: TagKeys
  replicated: OnReplicas
}): Omit<TokenStore, "feed"> {
  const { connection, prefix, keys, replicated } = options
  const { scripts } = connection
  const eraKey = (tag: string) => `${prefix}e:{${tag}}`
  const waitingKey = (tag: string) => `${prefix}w:{${tag}}`
  const keptKey = (key: string) => `${prefix}n:${key}`
  const channel = `${prefix}feed`

  return {
    ...redisDevices(connection, prefix),
    ...redisCodes({ connection, prefix, keys, eraKey, waitingKey, channel }),

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
      const [ended, gone, outcome, nonce, digest, record, session, shown] = await scripts.rotateRefresh(
        keys(tag),
        [
          ...[channel, tag, family, String(now), packTime(now), String(ROTATION_GRACE_MS)],
          ...[presented, next.current, next.nonce, access.digest, packRecord(access)],
        ],
      )
      const revocation = revocationOf(tag, ended, gone)
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
      const [ended, gone] = await scripts.revokeByDigest(keys(tag), given)
      return revocationOf(tag, ended, gone)
    },

    revokeById: async (tag, accountId, sessionId, now) => {
      const given = [channel, tag, accountId, packId(sessionId), String(now)]
      const [ended, gone] = await scripts.revokeById(keys(tag), given)
      return revocationOf(tag, ended, gone)
    },

    revokeAll: async (tag, accountId, exceptId, now) => {
      const spared = exceptId === null ? "" : packId(exceptId)
      const [era, life] = [eraKey(tag), String(LONGEST_CODE_LIFE_MS)]
      const given = [channel, tag, accountId, spared, String(now), life]
      const all = [...keys(tag), era, waitingKey(tag)]
      const [ended, gone, begun, voided] = await scripts.revokeAll(all, given)
      return {
        ...revocationOf(tag, ended, gone),
        voided,
        // Announcing what ended writes the sessions' end once more, not the era.
        confirmed: () => replicated("keepEra", [era], [accountId, life, String(begun)]),
      }
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
