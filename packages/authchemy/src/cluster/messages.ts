import * as v from "valibot"
import type { CountChange, Counted } from "../limits/shared-counts.ts"
import type { ProcessMetrics } from "../telemetry/process-metrics.ts"

/** How a server ends. */
export type StopOptions = {
  /** How long it goes on answering, with `Connection: close`, before it closes what is idle, in milliseconds. */
  drainMs: number
  /** Whether `/readyz` goes on saying yes: where another process answers at the same address. */
  staysReady: boolean
}

/** What the primary process tells a worker. `leave`: no connection is on its way to you any more, so end. */
export type ToWorker =
  | ({ type: "stop" } & StopOptions)
  | { type: "leave" }
  | { type: "collect"; id: number }
  | { type: "metrics"; id: number; text: string | null }
  | { type: "counted"; id: number; counted: Counted }

/** What a worker tells the primary. `drained`: it takes no more connections, and has answered all. */
export type FromWorker =
  | { type: "ready"; url: string }
  | { type: "drained"; metrics: ProcessMetrics }
  | { type: "collected"; id: number; metrics: ProcessMetrics }
  | { type: "scrape"; id: number }
  | { type: "count"; id: number; change: CountChange }

const id = v.number()
const metrics = v.array(v.looseObject({}))
const counted = v.object({ admitted: v.boolean(), msBeforeNext: v.number() })
const change = v.object({
  name: v.string(),
  points: v.number(),
  durationSeconds: v.number(),
  key: v.string(),
  by: v.picklist([1, -1]),
})

const toWorker = v.variant("type", [
  v.object({ type: v.literal("stop"), drainMs: v.number(), staysReady: v.boolean() }),
  v.object({ type: v.literal("leave") }),
  v.object({ type: v.literal("collect"), id }),
  v.object({ type: v.literal("metrics"), id, text: v.nullable(v.string()) }),
  v.object({ type: v.literal("counted"), id, counted }),
])

const fromWorker = v.variant("type", [
  v.object({ type: v.literal("ready"), url: v.string() }),
  v.object({ type: v.literal("drained"), metrics }),
  v.object({ type: v.literal("collected"), id, metrics }),
  v.object({ type: v.literal("scrape"), id }),
  v.object({ type: v.literal("count"), id, change }),
])

/** A message to a worker; `null` where it is none of ours. */
export function messageToWorker(message: unknown): ToWorker | null {
  const parsed = v.safeParse(toWorker, message)
  return parsed.success ? parsed.output : null
}

/** A message of a worker; `null` where it is none of ours. */
export function messageFromWorker(message: unknown): FromWorker | null {
  const parsed = v.safeParse(fromWorker, message)
  return parsed.success ? parsed.output : null
}
