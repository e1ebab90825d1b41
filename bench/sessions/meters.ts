import { type Child, startChild } from "./child.ts"
import type { Seeding } from "./seed.ts"

export type MeterOptions = Pick<Seeding, "sqlitePath" | "redisUrl" | "tokensPath" | "sessionsPerAccount">
export type MeterCommand = {
  work: "fill" | "digest" | "held" | "first sight" | "issue and revoke"
  /** How long it is to take; of no meaning for `fill`. */
  ms: number
}
/** Figures by name; rates are per second. */
export type MeterReply = Record<string, number>

/** A process that measures on one store. */
export type Meter = Child<MeterCommand, MeterReply>

/** Starts a meter on a store that has been seeded. */
export const startMeter = (options: MeterOptions): Promise<Meter> =>
  startChild("meter.ts", JSON.stringify(options), ["--expose-gc"])
