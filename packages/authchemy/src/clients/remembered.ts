import { createRemembered, type Forgetting } from "../remembered.ts"
import type { Client } from "./client.ts"
import type { Clients } from "./clients.ts"

/** Clients that can be told of without waiting, where they are remembered. */
export type HeldClients = {
  /** The client of an id; `undefined` where `find` has to be asked. */
  findHeld(id: string): Client | undefined
  /** The client of a session; `undefined` where `findOfSession` has to be asked. */
  findHeldOfSession(session: { clientId: string; createdAt: number }): Client | undefined
}

/** How many clients are remembered. */
const CAPACITY = 1_000

/**
 * Clients, of which those that are asked for again and again are told from memory. One that is removed is forgotten by every server before `remove`
 * resolves; one that is added is found at once, because that there is none of an id is never remembered.
 * @param forgetting of the token store that the servers share
 * @param monotonicNow milliseconds on a clock that never goes back
 */
export function rememberClients(
  clients: Clients,
  forgetting: Forgetting,
  monotonicNow: () => number = () => performance.now(),
): Clients & HeldClients {
  const options = { forgetting, kind: "client", capacity: CAPACITY, monotonicNow }
  const remembered = createRemembered<Client>(options)
  /** The client of a session that was made at `since`; so it is the one of every later session too. */
  const ofSessions = createRemembered<{ client: Client; since: number }>(options)

  const findHeldOfSession: HeldClients["findHeldOfSession"] = ({ clientId, createdAt }) => {
    const found = ofSessions.held(clientId)
    return found !== undefined && found.since <= createdAt ? found.client : undefined
  }

  return {
    ...clients,

    findHeld: remembered.held,

    findHeldOfSession,

    find: async (id) => remembered.held(id) ?? (await remembered.read(id, () => clients.find(id))),

    findOfSession: async (session) => {
      const held = findHeldOfSession(session)
      if (held !== undefined) return held
      const found = await ofSessions.read(session.clientId, async () => {
        const client = await clients.findOfSession(session)
        return client === null ? null : { client, since: session.createdAt }
      })
      return found?.client ?? null
    },

    remove: async (id) => {
      const removed = await clients.remove(id)
      if (removed) await forgetting.announce([`client:${id}`])
      return removed
    },
  }
}
