import { endedSession } from "../sessions.ts"
import { packId, packRecord, packShown, unpackSession } from "./session-packing.ts"
import type { Revocation, SessionCreation } from "./store.ts"

/** The keys of the accounts with a tag. */
export type TagKeys = (tag: string) => [sessions: string, families: string, tombstones: string]

/** @param prefix in front of every key */
export function keysOf(prefix: string): TagKeys {
  return (tag) => [`${prefix}s:{${tag}}`, `${prefix}r:{${tag}}`, `${prefix}t:{${tag}}`]
}

/** What the scripts that create a session take: see `CREATE` in `redis-script-parts.ts`. */
export function creationArguments({ session, refresh }: SessionCreation, now: number): (string | Buffer)[] {
  const created = [
    ...[session.digest, packRecord(session), packId(session.id), packShown(session)],
    String(Math.max(1, session.expiresAt - now)),
  ]
  if (refresh === null) return created
  const { current, access } = refresh
  const family = JSON.stringify({ current, access: access.digest })
  return [...created, family, access.digest, packRecord(access)]
}

/**
 * What the scripts that end sessions say: see `END` in `redis-script-parts.ts`.
 * @param gone record and what is shown of each live session, in turn
 */
export function revocationOf(tag: string, ended: readonly Buffer[], gone: readonly Buffer[]): Revocation {
  const items = ended.map((digest) => `${tag}.${digest.toString("latin1")}`)
  const sessions: Revocation["sessions"][number][] = []
  for (let index = 0; index + 1 < gone.length; index += 2) {
    const record = gone[index] as Buffer
    const session = unpackSession(record, record, gone[index + 1] as Buffer)
    sessions.push(endedSession(session))
  }
  return { sessions, items, unsettled: false }
}
