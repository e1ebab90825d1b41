import { isLoopbackHost } from "@authchemy/protocol"
import { sql } from "kysely"
import type { Config } from "../config.ts"
import { type Finding, ok, warning, wrong } from "./check.ts"
import { onDatabase } from "./stores.ts"

/** By how much clocks may differ before people notice: codes live a minute, and those of authenticator apps half of one. */
const CLOCK_LIMIT_MS = 5_000
/** A `Date` header tells no more than the second: on average the time is half a second later. */
const HALF_SECOND_MS = 500

/** By how much this machine is ahead of another one, in milliseconds; negative: behind. */
export type ClockDifference = { whose: string; ms: number }

/** Notes what each answer says of the time (`Date` and `Age`, RFC 9110 §6.6.1 and RFC 9111 §5.1), by the host's name. This machine's own answers say nothing. */
export function observeClocks(
  send: typeof fetch,
  now: () => number,
): { send: typeof fetch; differences: () => ClockDifference[] } {
  const seen = new Map<string, number>()
  return {
    differences: () => Array.from(seen, ([whose, ms]) => ({ whose, ms })),
    send: async (target, init) => {
      const asked = now()
      const response = await send(target, init)
      const { hostname } = new URL(target instanceof Request ? target.url : target)
      const date = Date.parse(response.headers.get("date") ?? "")
      const age = Number(response.headers.get("age") ?? 0) * 1000
      if (isLoopbackHost(hostname) || Number.isNaN(date + age)) return response
      seen.set(hostname, (asked + now()) / 2 - (date + age + HALF_SECOND_MS))
      return response
    },
  }
}

/**
 * Whether this machine's clock agrees with those of others: of PostgreSQL, and of whoever has answered an earlier check.
 * @param now milliseconds since the epoch
 */
export async function checkClock(
  config: Config,
  observed: readonly ClockDifference[],
  now: () => number,
): Promise<Finding> {
  const { databaseUrl, issuer } = config
  // That PostgreSQL is out of reach is for another check to say.
  const own = databaseUrl === null ? [] : await fromPostgres(config, now).catch(() => [])
  const differences = [...own, ...observed]
  const [worst] = differences.toSorted((a, b) => Math.abs(b.ms) - Math.abs(a.ms))
  if (worst === undefined) {
    return isLoopbackHost(new URL(issuer).hostname)
      ? ok("not compared: nothing was asked but this machine")
      : warning("no other machine has answered whose clock could be compared", "See the checks above.")
  }
  if (Math.abs(worst.ms) <= CLOCK_LIMIT_MS)
    return ok(`this machine's agrees with that of ${differences.map(({ whose }) => whose).join(", ")}`)
  const seconds = Math.round(Math.abs(worst.ms) / 1000)
  return wrong(
    `this machine's is ${seconds} seconds ${worst.ms > 0 ? "ahead of" : "behind"} that of ${worst.whose}`,
    "Have it set by NTP: codes live for a minute, and sessions end by the clock.",
  )
}

async function fromPostgres(config: Config, now: () => number): Promise<ClockDifference[]> {
  return onDatabase(config, async (database) => {
    const query = sql<{ now: Date }>`SELECT clock_timestamp() AS now`
    // The first one waits for a connection.
    await query.execute(database)
    const asked = now()
    const { rows } = await query.execute(database)
    return [{ whose: "PostgreSQL", ms: (asked + now()) / 2 - Number(rows[0]?.now) }]
  })
}
