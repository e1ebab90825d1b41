import { createClient } from "@redis/client"
import { StoreUnavailableError } from "../errors.ts"
import { scripts } from "./redis-scripts.ts"
import { packSession, packTime, unpackSession } from "./session-packing.ts"
import {
  type CodeRecord,
  LAST_USE_RESOLUTION_MS,
  type SessionRecord,
  type TokenStore,
  USED_CODE_RETENTION_MS,
} from "./store.ts"

/** How long an operation may take before the caller is told that nothing is known. */
const COMMAND_LIMIT_MS = 500
const CONNECT_LIMIT_MS = 2_000
const RECONNECT_LIMIT_MS = 1_000

/**
 * Opens a store on one Redis server. Keys: `<prefix>c:{tag}<digest>` codes, `<prefix>s:{tag}<digest>` sessions,
 * `<prefix>i:{tag}<accountId>` an account's index. Commands are never queued while the connection is down, and each is given up
 * after 500 ms. The connection is made anew by itself.
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
  const client = createClient({
    url: options.url,
    scripts,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    socket: {
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** Math.min(retries, 10), RECONNECT_LIMIT_MS),
    },
  })
  client.on("error", (error: Error) => options.onError?.(error))
  try {
    await within(CONNECT_LIMIT_MS, client.connect())
    await refuseEviction(client)
  } catch (error) {
    client.destroy()
    throw error instanceof StoreUnavailableError ? error : new StoreUnavailableError(error)
  }
  return createRedisStore(client, options.prefix ?? "authchemy:")
}

/** What the store uses of the client: the scripts, `hGetAll`, `get`, `ping`, `close`. */
type Client = ReturnType<typeof createClient<Record<never, never>, Record<never, never>, typeof scripts>>

function createRedisStore(client: Client, prefix: string): TokenStore {
  const codeKey = (tag: string, digest: string) => `${prefix}c:{${tag}}${digest}`
  const sessionPrefix = (tag: string) => `${prefix}s:{${tag}}`
  const sessionKey = (tag: string, digest: string) => sessionPrefix(tag) + digest
  const indexPrefix = (tag: string) => `${prefix}i:{${tag}}`
  const indexKey = (tag: string, accountId: string) => indexPrefix(tag) + accountId
  const seconds = (time: number) => String(time / 1000)
  const creation = (session: SessionRecord, now: number) => [
    packSession(session),
    String(Math.max(1, session.expiresAt - now)),
    session.digest,
    seconds(session.expiresAt),
    seconds(now),
  ]

  return {
    putCode: async (code, now) => {
      const { tag, digest, accountId, redirectUri, codeChallenge, device, expiresAt } = code
      await answered(
        client.putCode(
          [codeKey(tag, digest)],
          [
            String(Math.max(1, expiresAt - now)),
            ...["accountId", accountId, "redirectUri", redirectUri, "codeChallenge", codeChallenge ?? ""],
            ...["device", JSON.stringify(device), "expiresAt", String(expiresAt), "usedBy", ""],
          ],
        ),
      )
    },

    findCode: async (tag, digest) => {
      const fields = await answered(client.hGetAll(codeKey(tag, digest)))
      return fields.accountId === undefined ? null : codeOf(tag, digest, fields)
    },

    redeemCode: (code, session, now) =>
      answered(
        client.redeemCode(
          [
            codeKey(code.tag, code.digest),
            sessionKey(session.tag, session.digest),
            indexKey(session.tag, session.accountId),
          ],
          [
            ...creation(session, now),
            String(USED_CODE_RETENTION_MS),
            sessionPrefix(session.tag),
            packTime(now),
          ],
        ) as Promise<"redeemed" | "replayed" | "unknown">,
      ),

    createSession: async (session, now) => {
      const { tag, digest, accountId } = session
      await answered(
        client.createSession([sessionKey(tag, digest), indexKey(tag, accountId)], creation(session, now)),
      )
    },

    findSession: async (tag, digest, now) => {
      const packed = await answered(client.get(sessionKey(tag, digest)))
      if (packed === null) return null
      const session = unpackSession(packed)
      return session.expiresAt > now ? { ...session, tag, digest } : null
    },

    listSessions: async (tag, accountId, now) => {
      const found = await answered(client.listSessions([indexKey(tag, accountId)], [sessionPrefix(tag)]))
      const sessions: SessionRecord[] = []
      for (let index = 0; index < found.length; index += 2) {
        const session = unpackSession(found[index + 1] as string)
        if (session.expiresAt > now) sessions.push({ ...session, tag, digest: found[index] as string })
      }
      return sessions.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
    },

    touchSession: async (tag, digest, now) => {
      await answered(
        client.touchSession(
          [sessionKey(tag, digest)],
          [packTime(now), packTime(now - LAST_USE_RESOLUTION_MS)],
        ),
      )
    },

    revokeByDigest: async (tag, digest, now) =>
      (await answered(
        client.revokeByDigest([sessionKey(tag, digest)], [indexPrefix(tag), digest, packTime(now)]),
      )) === 1,

    revokeById: async (tag, accountId, sessionId, now) =>
      (await answered(
        client.revokeById([indexKey(tag, accountId)], [sessionPrefix(tag), sessionId, packTime(now)]),
      )) === 1,

    revokeAll: async (tag, accountId, exceptId, now) =>
      answered(
        client.revokeAll([indexKey(tag, accountId)], [sessionPrefix(tag), exceptId ?? "", packTime(now)]),
      ),

    ping: async () => {
      await answered(client.ping())
    },

    close: async () => {
      if (!client.isOpen) return
      await within(COMMAND_LIMIT_MS, client.close()).catch(() => client.destroy())
    },
  }
}

/** A cache may forget; a store of sessions and used codes may not. */
async function refuseEviction(client: Client): Promise<void> {
  const memory = await within(COMMAND_LIMIT_MS, client.info("memory"))
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? "unknown"
  if (policy !== "noeviction") {
    throw new StoreUnavailableError(
      new Error(
        `Redis evicts keys (maxmemory-policy ${policy}), so it would forget sessions and used codes; ` +
          "set it to noeviction: redis-cli CONFIG SET maxmemory-policy noeviction",
      ),
    )
  }
}

/** Within the time limit, or the store is unavailable: whatever goes wrong, nothing is known of what happened. */
async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await within(COMMAND_LIMIT_MS, reply)
  } catch (error) {
    throw new StoreUnavailableError(error)
  }
}

async function within<T>(limitMs: number, reply: Promise<T>): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer from Redis within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([reply, limit])
  } finally {
    clearTimeout(timer)
  }
}

function codeOf(tag: string, digest: string, fields: Record<string, string>): CodeRecord {
  return {
    digest,
    tag,
    accountId: fields.accountId ?? "",
    redirectUri: fields.redirectUri ?? "",
    codeChallenge: fields.codeChallenge || null,
    device: JSON.parse(fields.device ?? "{}"),
    expiresAt: Number(fields.expiresAt),
    usedBy: fields.usedBy || null,
  }
}
