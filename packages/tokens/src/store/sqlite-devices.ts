import { packScopes, unpackScopes } from "./session-packing.ts"
import { type Row, type SqliteConnection, textOrNull } from "./sqlite-connection.ts"
import type { SqliteSweeper } from "./sqlite-sweeper.ts"
import {
  type DeviceRecord,
  EXPIRED_DEVICE_RETENTION_MS,
  LONGEST_POLL_INTERVAL_MS,
  SLOW_DOWN_MS,
  type TokenStore,
} from "./store.ts"

type DeviceMethods = Pick<TokenStore, "putDevice" | "pollDevice" | "claimDevice" | "decideDevice">

/** Devices in SQLite. */
export function sqliteDevices(
  { database, writing, noting }: SqliteConnection,
  sweeper: SqliteSweeper,
): DeviceMethods {
  const statements = {
    insert: database.prepare(
      `INSERT INTO authchemy_devices VALUES (${Array(15).fill("?").join(", ")}) ON CONFLICT (user_code_digest) DO NOTHING`,
    ),
    findByDigest: database.prepare("SELECT * FROM authchemy_devices WHERE digest = ? AND tag = ?"),
    findByUserCode: database.prepare(
      "SELECT * FROM authchemy_devices WHERE user_code_digest = ? AND tag = ?",
    ),
    notePoll: database.prepare(
      "UPDATE authchemy_devices SET interval_ms = ?, last_polled_at = ? WHERE digest = ?",
    ),
    setState: database.prepare("UPDATE authchemy_devices SET state = ?, account_id = ? WHERE digest = ?"),
  }
  const byUserCode = (tag: string, userCodeDigest: string) => {
    const row = statements.findByUserCode.get(userCodeDigest, tag)
    return row === undefined ? null : deviceOf(row)
  }

  return {
    putDevice: (device, now) =>
      writing(() => {
        sweeper.sweep("devices", now)
        const { digest, userCodeDigest, tag, clientId, scopes, address, codeChallenge, createdAt } = device
        const { expiresAt, state, accountId, intervalMs, lastPolledAt } = device
        const { changes } = statements.insert.run(
          ...[digest, userCodeDigest, tag, clientId, packScopes(scopes), JSON.stringify(device.device)],
          ...[address, codeChallenge, createdAt, expiresAt, state, accountId, intervalMs, lastPolledAt],
          expiresAt + EXPIRED_DEVICE_RETENTION_MS,
        )
        return changes === 1
      }),

    pollDevice: (tag, digest, now) =>
      noting(() => {
        const row = statements.findByDigest.get(digest, tag)
        if (row === undefined) return null
        const device = deviceOf(row)
        const { intervalMs, lastPolledAt } = device
        const tooSoon = lastPolledAt !== null && now - lastPolledAt < intervalMs
        const slower = tooSoon ? Math.min(intervalMs + SLOW_DOWN_MS, LONGEST_POLL_INTERVAL_MS) : intervalMs
        statements.notePoll.run(slower, now, digest)
        return { ...device, intervalMs: slower, lastPolledAt: now, tooSoon }
      }),

    claimDevice: (tag, userCodeDigest, accountId, now) =>
      writing(() => {
        const device = byUserCode(tag, userCodeDigest)
        if (device === null || device.state !== "pending" || now >= device.expiresAt) return device
        statements.setState.run("claimed", accountId, device.digest)
        return { ...device, state: "claimed", accountId }
      }),

    decideDevice: (tag, userCodeDigest, accountId, state, now) =>
      writing(() => {
        const device = byUserCode(tag, userCodeDigest)
        if (device?.state !== "claimed" || device.accountId !== accountId || now >= device.expiresAt)
          return false
        statements.setState.run(state, state === "pending" ? null : accountId, device.digest)
        return true
      }),
  }
}

function deviceOf(row: Row): DeviceRecord {
  return {
    digest: String(row.digest),
    userCodeDigest: String(row.user_code_digest),
    tag: String(row.tag),
    clientId: String(row.client_id),
    scopes: unpackScopes(String(row.scopes)),
    device: JSON.parse(String(row.device)),
    address: String(row.address),
    codeChallenge: textOrNull(row.code_challenge),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    state: row.state as DeviceRecord["state"],
    accountId: textOrNull(row.account_id),
    intervalMs: Number(row.interval_ms),
    lastPolledAt: row.last_polled_at === null ? null : Number(row.last_polled_at),
  }
}
