// Loaded into each process of the tour before its program (`NODE_OPTIONS=--import`), so that two tours show the same: the machine has a name of its own, and the
// clock is that of the tour. It stands still while a command runs, and goes on at the server.
import { readFileSync } from "node:fs"
import http, { type ServerResponse } from "node:http"
import { syncBuiltinESMExports } from "node:module"
import os from "node:os"
import { type HeldClock, MACHINE } from "./machine.ts"

const { TOUR_CLOCK: path = "", TOUR_CLOCK_RUNS: runs } = process.env
const RealDate = Date
/** When the tour is over: far enough for whatever is still waiting to give up. */
const ITS_END = RealDate.UTC(2100, 0, 1)

/** Nobody has moved the clock for so long: the tour was stopped. */
const ABANDONED_MS = 30 * 60_000

function now(): number {
  try {
    const { at, since } = JSON.parse(readFileSync(path, "utf8")) as HeldClock
    const passed = RealDate.now() - since
    if (passed > ABANDONED_MS) return ITS_END
    return runs === "1" ? at + passed : at
  } catch {
    return ITS_END
  }
}

class TourDate extends RealDate {
  constructor(...parts: ConstructorParameters<typeof Date> | []) {
    super(...((parts.length === 0 ? [now()] : parts) as [number]))
  }
  static override now(): number {
    return now()
  }
}

// The runtime fills in `Date:` by a clock of its own.
const emit = http.Server.prototype.emit
http.Server.prototype.emit = function (this: http.Server, event: string | symbol, ...rest: unknown[]) {
  if (event === "request") (rest[1] as ServerResponse).setHeader("date", new Date().toUTCString())
  return Reflect.apply(emit, this, [event, ...rest])
}
os.hostname = () => MACHINE.hostname
os.release = () => MACHINE.release
syncBuiltinESMExports()
globalThis.Date = TourDate as DateConstructor
