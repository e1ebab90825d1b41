import { ALCHEMY_CLIENT_ID } from "@authchemy/protocol"
import { answered, closeRedis } from "./redis-client.ts"
import { connectStore, type RedisConnection } from "./redis-connection.ts"
import { redisDevices } from "./redis-devices.ts"
import {
  packScopes,
  packSession,
  packTime,
  unpackScopes,
  unpackSession,
  unpackTime,
} from "./session-packing.ts"
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
 * Opens a store on one Redis server. Keys: `<prefix>c:{tag}<digest>` codes, `<prefix>s:{tag}<digest>` sessions, `<prefix>r:{tag}<family>`
 * refresh tokens, `<prefix>i:{tag}<accountId>` an account's index, `<prefix>d:` and `<prefix>u:` devices, `<prefix>n:<key>` texts that are kept.
 * Commands are never queued while the connection is down, and each is given up after 500 ms. The connection is made anew by itself.
 *
 * @param options.url `redis[s]://[[user][:password]@]host[:port][/database]`
 * @param options.prefix in front of every key
 * @param options.onError told of connection troubles; the message carries no credential
 * @throws StoreUnavailableError where the server cannot be reached, or evicts keys (`maxmemory-policy` must be `noeviction`)
 */
export async function openRedisStore(options: {
  url: string
  prefix?: string
  onError?: (error: Error) => void
}): Promise<TokenStore> {
  return createRedisStore(await connectStore(options), options.prefix ?? "authchemy:")
}

function createRedisStore(client: RedisConnection, prefix: string): TokenStore {
  const codeKey = (tag: string, digest: string) => `${prefix}c:{${tag}}${digest}`
  const sessionKey = (tag: string, digest: string) => `${prefix}s:{${tag}}${digest}`
  const indexKey = (tag: string, accountId: string) => `${prefix}i:{${tag}}${accountId}`
  const familyKey = (tag: string, family: string) => `${prefix}r:{${tag}}${family}`

  return {
    ...redisDevices(client, prefix),

    putCode: async (code, now) => {
      const { tag, digest } = code
      const fields = Object.entries(codeFields(code)).flat()
      const ttl = String(Math.max(1, code.expiresAt - now))
      await answered(client.putCode(codeKey(tag, digest), [prefix, tag, ttl, ...fields]))
    },

    findCode: async (tag, digest) => {
      const fields = await answered(client.hGetAll(codeKey(tag, digest)))
      return fields.accountId === undefined ? null : codeOf(tag, digest, fields)
    },

    redeemCode: (code, creation, now) =>
      answered(
        client.redeemCode(codeKey(code.tag, code.digest), [
          ...[prefix, code.tag, packTime(now), String(USED_CODE_RETENTION_MS)],
          ...creationArguments(creation, now),
        ]) as Promise<"redeemed" | "replayed" | "unknown">,
      ),

    createSession: async (creation, now) => {
      const { tag, digest } = creation.session
      const given = [prefix, tag, ...creationArguments(creation, now)]
      await answered(client.createSession(sessionKey(tag, digest), given))
    },

    findSession: async (tag, digest, now) => {
      const packed = await answered(client.get(sessionKey(tag, digest)))
      return packed === null ? null : liveSession(packed, tag, digest, now)
    },

    findRefresh: async (tag, family, now) => {
      const [packed, current] = await answered(
        client.findRefresh(sessionKey(tag, family), [prefix, tag, family]),
      )
      if (!packed || !current) return null
      const session = liveSession(packed, tag, family, now)
      return session === null ? null : { session, current }
    },

    rotateRefresh: async ({ tag, family, presented, next }, now) => {
      const { access } = next
      const [outcome, nonce = "", digest = "", packed = ""] = await answered(
        client.rotateRefresh(familyKey(tag, family), [
          ...[prefix, tag, family, access.accountId, packTime(now), String(now), String(ROTATION_GRACE_MS)],
          ...[presented, next.current, next.nonce, access.digest, packSession(access), ttlOf(access, now)],
        ]),
      )
      if (outcome === "repeated") return { outcome, nonce, access: { ...unpackSession(packed), tag, digest } }
      return { outcome: outcome as "rotated" | "replayed" | "unknown" }
    },

    listSessions: async (tag, accountId, now) => {
      const found = await answered(client.listSessions(indexKey(tag, accountId), [prefix, tag]))
      const sessions: SessionRecord[] = []
      for (let index = 0; index < found.length; index += 2) {
        const session = liveSession(found[index + 1] ?? "", tag, found[index] ?? "", now)
        if (session !== null) sessions.push(session)
      }
      return sessions.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
    },

    touchSession: async (tag, digest, now) => {
      const times = [packTime(now), packTime(now - LAST_USE_RESOLUTION_MS)]
      await answered(client.touchSession(sessionKey(tag, digest), [prefix, tag, ...times]))
    },

    revokeByDigest: async (tag, digest, now) => {
      const given = [prefix, tag, digest, packTime(now)]
      return (await answered(client.revokeByDigest(sessionKey(tag, digest), given))) === 1
    },

    revokeById: async (tag, accountId, sessionId, now) => {
      const given = [prefix, tag, accountId, sessionId, packTime(now)]
      return (await answered(client.revokeById(indexKey(tag, accountId), given))) === 1
    },

    revokeAll: (tag, accountId, exceptId, now) =>
      answered(
        client.revokeAll(indexKey(tag, accountId), [prefix, tag, accountId, exceptId ?? "", packTime(now)]),
      ),

    keep: async (key, text, expiresAt, now) => {
      const ttl = String(Math.max(1, expiresAt - now))
      const given = [prefix, "", packTime(now), packTime(expiresAt) + text, ttl]
      return (await answered(client.keep(`${prefix}n:${key}`, given))) === 1
    },

    recall: async (key, now) => unexpired(await answered(client.get(`${prefix}n:${key}`)), now),

    take: async (key, now) => unexpired(await answered(client.getDel(`${prefix}n:${key}`)), now),

    ping: async () => {
      await answered(client.ping())
    },

    close: () => closeRedis(client),
  }
}

/** What the scripts that create a session take: see `CREATE` in `redis-scripts.ts`. */
function creationArguments({ session, refresh }: SessionCreation, now: number): string[] {
  const seconds = (time: number) => String(time / 1000)
  const created = [
    ...[session.digest, packSession(session), ttlOf(session, now), session.accountId],
    ...[seconds(session.expiresAt), seconds(now)],
  ]
  if (refresh === null) return created
  const { current, access } = refresh
  return [...created, current, access.digest, packSession(access), ttlOf(access, now)]
}

/** Milliseconds until a session's end. */
function ttlOf(session: SessionRecord, now: number): string {
  return String(Math.max(1, session.expiresAt - now))
}

function liveSession(packed: string, tag: string, digest: string, now: number): SessionRecord | null {
  const session = unpackSession(packed)
  return session.expiresAt > now ? { ...session, tag, digest } : null
}

function unexpired(value: string | null, now: number): string | null {
  const head = packTime(0).length
  return value === null || unpackTime(value.slice(0, head)) <= now ? null : value.slice(head)
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

function codeOf(tag: string, digest: string, fields: Record<string, string>): CodeRecord {
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
