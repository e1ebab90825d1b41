// Reads what `node --cpu-prof` writes.
import { readFileSync } from "node:fs"
import { sep } from "node:path"

type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  /** Microseconds of the machine's monotonic clock. */
  startTime: number
  /** Microseconds before each sample. */
  timeDeltas: number[]
}

/** A function, and the time spent in itself, not in what it calls. */
export type SelfTime = { name: string; place: string; ms: number; share: number }

/** What the profiler calls time in which the process did nothing of its own. */
const NOT_WORK = new Set(["(idle)", "(root)"])

/**
 * The functions with most self time, the most first; `share` is of all time but idle time.
 * @param between what to look at: microseconds of the machine's monotonic clock
 * @param root the checkout, which places are told from
 */
export function topSelfTimes(
  path: string,
  count: number,
  between: { from: number; to: number },
  root: string,
): SelfTime[] {
  const profile = JSON.parse(readFileSync(path, "utf8")) as Profile
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
  const times = new Map<string, SelfTime>()
  let total = 0
  let at = profile.startTime
  for (const [index, sample] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0
    const frame = nodes.get(sample)
    if (at < between.from || at > between.to) continue
    if (frame === undefined || NOT_WORK.has(frame.functionName)) continue
    const ms = (profile.timeDeltas[index] ?? 0) / 1000
    total += ms
    const name = frame.functionName || "(anonymous)"
    const place = placeOf(frame.url, frame.lineNumber, root)
    const known = times.get(`${name} ${place}`)
    if (known === undefined) times.set(`${name} ${place}`, { name, place, ms, share: 0 })
    else known.ms += ms
  }
  return Array.from(times.values(), (time) => ({ ...time, share: time.ms / total }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, count)
}

/** A file from the checkout's root on, or from the package on; with the line. */
function placeOf(url: string, line: number, root: string): string {
  if (url === "") return "runtime"
  const path = url.replace("file://", "").replace(root + sep, "")
  return `${path.split("node_modules/").at(-1)}:${line + 1}`
}
