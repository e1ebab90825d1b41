import { answered } from "./redis-client.ts"
import type { RedisConnection } from "./redis-connection.ts"
import { packScopes, unpackScopes } from "./session-packing.ts"
import {
  type DeviceRecord,
  EXPIRED_DEVICE_RETENTION_MS,
  LONGEST_POLL_INTERVAL_MS,
  SLOW_DOWN_MS,
  type TokenStore,
} from "./store.ts"

type DeviceMethods = Pick<TokenStore, "putDevice" | "pollDevice" | "claimDevice" | "decideDevice">

/** Devices in Redis: `<prefix>d:{tag}<device code digest>` and `<prefix>u:{tag}<user code digest>`, which names the former. */
export function redisDevices(client: RedisConnection, prefix: string): DeviceMethods {
  const userCodeKey = (tag: string, userCodeDigest: string) => `${prefix}u:{${tag}}${userCodeDigest}`

  return {
    putDevice: async (device, now) => {
      const { tag, digest, userCodeDigest } = device
      const ttl = Math.max(1, device.expiresAt - now) + EXPIRED_DEVICE_RETENTION_MS
      const key = userCodeKey(tag, userCodeDigest)
      const fields = Object.entries(fieldsOf(device)).flat()
      return (await answered(client.putDevice(key, [prefix, tag, digest, String(ttl), ...fields]))) === 1
    },

    pollDevice: async (tag, digest, now) => {
      const limits = [String(SLOW_DOWN_MS), String(LONGEST_POLL_INTERVAL_MS)]
      const [soon, ...fields] = await answered(
        client.pollDevice(`${prefix}d:{${tag}}${digest}`, [prefix, tag, String(now), ...limits]),
      )
      return soon === undefined ? null : { ...deviceOf(tag, digest, fields), tooSoon: soon === "1" }
    },

    claimDevice: async (tag, userCodeDigest, accountId, now) => {
      const [digest, ...fields] = await answered(
        client.claimDevice(userCodeKey(tag, userCodeDigest), [prefix, tag, accountId, String(now)]),
      )
      return digest === undefined ? null : deviceOf(tag, digest, fields)
    },

    decideDevice: async (tag, userCodeDigest, accountId, state, now) =>
      (await answered(
        client.decideDevice(userCodeKey(tag, userCodeDigest), [prefix, tag, accountId, state, String(now)]),
      )) === 1,
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

/** @param pairs field, value, field, value… */
function deviceOf(tag: string, digest: string, pairs: readonly string[]): DeviceRecord {
  const fields: Record<string, string> = {}
  for (let index = 0; index < pairs.length; index += 2) fields[pairs[index] ?? ""] = pairs[index + 1] ?? ""
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
