import { AsyncLocalStorage } from "node:async_hooks"
import type { Origin } from "./events.ts"

const origins = new AsyncLocalStorage<Origin>()

/** What the server does by itself. */
const OF_THE_SERVER: Origin = { actor: "server", address: null, agent: null }

/** Does a piece of work, and all that it starts, as the doing of an origin. */
export function withOrigin<T>(origin: Origin, work: () => T): T {
  return origins.run(origin, work)
}

/** Whose doing the present call is. */
export function currentOrigin(): Origin {
  return origins.getStore() ?? OF_THE_SERVER
}
