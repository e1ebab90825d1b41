import { createClient } from "@redis/client"
import type { Adapter, AdapterPayload as Payload } from "oidc-provider"

/** Kinds that can be used up: a hash, so that a field can say when that was. All others are one JSON text. */
const USED_UP = new Set(["AuthorizationCode", "RefreshToken", "DeviceCode"])
/** Kinds that end together with the grant they came from. */
const OF_A_GRANT = new Set(["AccessToken", ...USED_UP])

/**
 * Connects `oidc-provider` to Redis, with the layout that its documentation's example has; a write is one round trip (there it is two).
 * @returns what makes the adapter of a kind
 */
export async function connectOidcAdapter(url: string): Promise<(kind: string) => Adapter> {
  const redis = createClient({ url })
  redis.on("error", (error) => console.error(error))
  await redis.connect()
  const grantKey = (grantId: string) => `oidc:grant:${grantId}`
  const userCodeKey = (userCode: string) => `oidc:userCode:${userCode}`
  const uidKey = (uid: string) => `oidc:uid:${uid}`

  return (kind) => {
    const keyOf = (id: string) => `oidc:${kind}:${id}`
    const usedUp = USED_UP.has(kind)

    const find = async (id: string): Promise<Payload | undefined> => {
      if (!usedUp) {
        const text = await redis.get(keyOf(id))
        return text === null ? undefined : (JSON.parse(text) as Payload)
      }
      const { payload, ...fields } = await redis.hGetAll(keyOf(id))
      return payload === undefined ? undefined : { ...(JSON.parse(payload) as Payload), ...fields }
    }
    const findBehind = async (key: string) => {
      const id = await redis.get(key)
      return id === null ? undefined : find(id)
    }

    return {
      find,
      findByUserCode: (userCode) => findBehind(userCodeKey(userCode)),
      findByUid: (uid) => findBehind(uidKey(uid)),

      upsert: async (id, payload, expiresInSeconds) => {
        const expiry = expiresInSeconds === undefined ? {} : { EX: expiresInSeconds }
        const step = redis.multi()
        if (usedUp) {
          step.hSet(keyOf(id), "payload", JSON.stringify(payload))
          if (expiresInSeconds !== undefined) step.expire(keyOf(id), expiresInSeconds)
        } else {
          step.set(keyOf(id), JSON.stringify(payload), expiry)
        }
        const { grantId, userCode, uid } = payload
        if (OF_A_GRANT.has(kind) && typeof grantId === "string") {
          step.rPush(grantKey(grantId), keyOf(id))
          if (expiresInSeconds !== undefined) {
            step.expire(grantKey(grantId), expiresInSeconds, "NX")
            step.expire(grantKey(grantId), expiresInSeconds, "GT")
          }
        }
        if (typeof userCode === "string") step.set(userCodeKey(userCode), id, expiry)
        if (typeof uid === "string") step.set(uidKey(uid), id, expiry)
        await step.exec()
      },

      consume: async (id) => {
        await redis.hSet(keyOf(id), "consumed", Math.floor(Date.now() / 1000))
      },

      destroy: async (id) => {
        await redis.del(keyOf(id))
      },

      revokeByGrantId: async (grantId) => {
        const keys = await redis.lRange(grantKey(grantId), 0, -1)
        await redis.del([...keys, grantKey(grantId)])
      },
    }
  }
}
