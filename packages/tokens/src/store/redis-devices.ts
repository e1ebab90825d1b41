import { fieldsFrom, type RedisConnection } from "./redis-connection.ts"
import { packScopes, unpackScopes } from "./session-packing.ts"
import {
  type DeviceRecord,
  EXPIRED_DEVICE_RETENTION_MS,
  LONGEST_POLL_INTERVAL_MS,
  SLOW_DOWN_MS,
  type TokenStore,
} from "./store.ts"

type DeviceMethods = Pick<TokenStore, "putDevice" | "pollDevice" | "claimDevice" | "decideDevice">

/** Devices in Redis: `<prefix>d:{tag}<device code digest>` and `<prefix>u:{tag}<user code digest>`, which leads to the former. */
export function redisDevices({ scripts }: RedisConnection, prefix: string): DeviceMethods {
  const deviceKey = (tag: string, digest: string) => `${prefix}d:{${tag}}${digest}`
  const userCodeKey = (tag: string, userCodeDigest: string) => `${prefix}u:{${tag}}${userCodeDigest}`
  /** Where a user code leads to never changes while it lives, so this need not be one step with what follows. */
  const find = async (tag: string, userCodeDigest: string) =>
    (await scripts.findDevice([userCodeKey(tag, userCodeDigest)], []))?.toString() ?? null

  return {
    putDevice: async (device, now) => {
      const { tag, digest, userCodeDigest } = device
      const ttl = Math.max(1, device.expiresAt - now) + EXPIRED_DEVICE_RETENTION_MS
      const keys = [userCodeKey(tag, userCodeDigest), deviceKey(tag, digest)]
      const fields = Object.entries(fieldsOf(device)).flat()
      return (await scripts.putDevice(keys, [digest, String(ttl), ...fields])) === 1
    },

    pollDevice: async (tag, digest, now) => {
      const limits = [String(SLOW_DOWN_MS), String(LONGEST_POLL_INTERVAL_MS)]
      const [soon, ...fields] = await scripts.pollDevice([deviceKey(tag, digest)], [String(now), ...limits])
      if (soon === undefined) return null
      return { ...deviceOf(tag, digest, fieldsFrom(fields)), tooSoon: soon.toString() === "1" }
    },

    claimDevice: async (tag, userCodeDigest, accountId, now) => {
      const digest = await find(tag, userCodeDigest)
      if (digest === null) return null
      const fields = await scripts.claimDevice([deviceKey(tag, digest)], [accountId, String(now)])
      return fields.length === 0 ? null : deviceOf(tag, digest, fieldsFrom(fields))
    },

    decideDevice: async (tag, userCodeDigest, accountId, state, now) => {
      const digest = await find(tag, userCodeDigest)
      if (digest === null) return false
      const given = [accountId, state, String(now)]
      return (await scripts.decideDevice([deviceKey(tag, digest)], given)) === 1
    },
  }
}

function fieldsOf(device: DeviceRecord): Record<string, string> {
  return {
    userCodeDigest: device.userCodeDigest,
    clientId: device.clientId,
    scopes: packScopes(device.scopes),
    device: JSON.stringify(device.device),
    address: device.address,
    codeChallenge: device.codeChallenge ?? "",
    createdAt: String(device.createdAt),
    expiresAt: String(device.expiresAt),
    state: device.state,
    accountId: device.accountId ?? "",
    intervalMs: String(device.intervalMs),
    lastPolledAt: device.lastPolledAt === null ? "" : String(device.lastPolledAt),
  }
}

function deviceOf(tag: string, digest: string, fields: Record<string, string | undefined>): DeviceRecord {
  return {
    digest,
    tag,
    userCodeDigest: fields.userCodeDigest ?? "",
    clientId: fields.clientId ?? "",
    scopes: unpackScopes(fields.scopes ?? ""),
    device: JSON.parse(fields.device ?? "{}"),
    address: fields.address ?? "",
    codeChallenge: fields.codeChallenge || null,
    createdAt: Number(fields.createdAt),
    expiresAt: Number(fields.expiresAt),
    state: fields.state as DeviceRecord["state"],
    accountId: fields.accountId || null,
    intervalMs: Number(fields.intervalMs),
    lastPolledAt: fields.lastPolledAt ? Number(fields.lastPolledAt) : null,
  }
}
