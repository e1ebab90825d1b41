import { AsyncLocalStorage } from "node:async_hooks"
import type { Clock } from "../clock.ts"
import type { Random } from "./random.ts"

/** A process of the simulated world: a part of the program with clocks of its own, which can be held up and killed. */
export type VirtualProcess = {
  readonly clock: Clock
  /** Runs a part of the program; the timers that it sets are this process's. */
  run<Result>(work: () => Result): Result
  /** Nothing happens in it for a while, as after SIGSTOP; what would have happened does so afterwards, in any order. */
  pause(ms: number): void
  /** As `pause`, and its monotonic clock stands still, as while a machine is suspended. */
  suspend(ms: number): void
  /** Sets its other clock by some milliseconds, forward or back. */
  setClock(byMs: number): void
  /** Nothing happens in it any more. */
  kill(): void
}

/** What is to happen at a moment; in a process, or outside of all. */
type Happening = {
  at: number
  /** Which of two of one moment comes first. */
  order: number
  process: ProcessState | null
  work: () => void
  isOff: boolean
}

type ProcessState = { pausedUntil: number; isKilled: boolean; rate: number }

/** Time that goes on when all that a moment brings has been done. Nothing waits for real. */
export type VirtualTime = {
  /** Milliseconds since the beginning. */
  now(): number
  /** Has something happen later, in a process or outside of all. */
  after(ms: number, work: () => void, process?: VirtualProcess): void
  wait(ms: number): Promise<void>
  process(): VirtualProcess
  /** Lets time pass, until a moment. */
  runUntil(at: number): Promise<void>
}

/** How much may happen in one stretch of time. */
const MOST_STEPS = 200_000
const EPOCH = Date.UTC(2026, 10, 25)

/** Runs a work with virtual time in the place of the timers of JavaScript. */
export async function withVirtualTime<Result>(
  random: Random,
  work: (time: VirtualTime) => Promise<Result>,
): Promise<Result> {
  const world = createWorldTime(random)
  const { setTimeout, clearTimeout, setImmediate } = globalThis
  Object.assign(globalThis, world.timers)
  try {
    return await work(world.time)
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate })
  }
}

/** Resolves when every promise that can go on has gone on: what is put on this queue comes when the microtasks have run dry. */
const settled = () => new Promise<void>((resolve) => process.nextTick(resolve))

function createWorldTime(random: Random) {
  const queue: Happening[] = []
  const states = new WeakMap<VirtualProcess, ProcessState>()
  const current = new AsyncLocalStorage<ProcessState>()
  let now = 0

  /** Kept in the order of time, the next one last. */
  const put = (happening: Happening) => {
    let index = queue.length
    const isLater = (other: Happening | undefined) =>
      other !== undefined &&
      (other.at < happening.at || (other.at === happening.at && other.order < happening.order))
    while (index > 0 && isLater(queue[index - 1])) index--
    queue.splice(index, 0, happening)
  }

  const schedule = (ms: number, work: () => void, process: ProcessState | null): Happening => {
    const happening = { at: now + Math.max(0, ms), order: random.next(), process, work, isOff: false }
    put(happening)
    return happening
  }

  const happen = (happening: Happening) => {
    const { process, work, isOff } = happening
    if (isOff || process?.isKilled) return
    if (process !== null && process.pausedUntil > now) {
      happening.at = process.pausedUntil
      happening.order = random.next()
      put(happening)
      return
    }
    if (process === null) work()
    else current.run(process, work)
  }

  const runUntil = async (at: number) => {
    await settled()
    for (let next = queue.at(-1), steps = 0; next !== undefined && next.at <= at; next = queue.at(-1)) {
      if (++steps > MOST_STEPS) throw new Error(`more than ${MOST_STEPS} things happen without end`)
      queue.pop()
      now = Math.max(now, next.at)
      happen(next)
      await settled()
    }
    now = at
  }

  const newProcess = (): VirtualProcess => {
    const state: ProcessState = { pausedUntil: 0, isKilled: false, rate: random.between(0.98, 1.02) }
    const offset = { wall: random.between(-2_000, 2_000), suspended: 0 }
    const pause = (ms: number) => {
      state.pausedUntil = Math.max(state.pausedUntil, now + ms)
    }
    const process: VirtualProcess = {
      clock: {
        now: () => Math.floor(EPOCH + now + offset.wall),
        monotonic: () => now * state.rate - offset.suspended,
      },
      run: (work) => current.run(state, work),
      pause,
      suspend: (ms) => {
        const from = Math.max(now, state.pausedUntil)
        pause(ms)
        offset.suspended += Math.max(0, now + ms - from) * state.rate
      },
      setClock: (byMs) => {
        offset.wall += byMs
      },
      kill: () => {
        state.isKilled = true
      },
    }
    states.set(process, state)
    return process
  }

  const after: VirtualTime["after"] = (ms, work, process) => {
    schedule(ms, work, process === undefined ? null : (states.get(process) ?? null))
  }
  const timers = {
    setTimeout: (work: () => void, ms = 0) => {
      const process = current.getStore() ?? null
      // As Node: whole milliseconds, and no fewer than one.
      const happening = schedule(Math.max(1, Math.trunc(ms)) / (process?.rate ?? 1), work, process)
      return { happening, unref: () => {} }
    },
    clearTimeout: (timer: { happening: Happening } | undefined) => {
      if (timer !== undefined) timer.happening.isOff = true
    },
    setImmediate: (work: () => void) => {
      schedule(0, work, current.getStore() ?? null)
    },
  }
  const wait = (ms: number) => new Promise<void>((resolve) => after(ms, resolve))
  return {
    time: { now: () => now, after, wait, process: newProcess, runUntil } satisfies VirtualTime,
    timers,
  }
}
