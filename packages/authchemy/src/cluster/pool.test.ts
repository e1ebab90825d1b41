import { expect, test, vi } from "vitest"
import { createLogger } from "../logging.ts"
import type { ToWorker } from "./messages.ts"
import { createWorkerPool, type Fork } from "./pool.ts"
import type { End } from "./replacement.ts"

type FakeWorker = {
  pid: number
  told: ToWorker[]
  killed: NodeJS.Signals[]
  say: Parameters<Parameters<Fork>[0]["onMessage"]>[0] extends infer M ? (message: M) => void : never
  end: (end: End) => void
}

const START_LIMIT_MS = 60_000
const READY = { type: "ready", url: "http://localhost:4000" } as const
const DRAINED = { type: "drained", metrics: [] } as const
const KILLED: End = { code: null, signal: "SIGKILL" }
const DONE: End = { code: 0, signal: null }

/** A pool of workers that the test plays, on a clock that it moves. */
function openPool(size = 2) {
  const workers: FakeWorker[] = []
  const waits: { ms: number; over: () => void }[] = []
  const startLimits: (() => void)[] = []
  const clock = { now: 0 }
  const log: string[] = []
  const pool = createWorkerPool({
    size,
    fork: ({ onMessage, onExit }) => {
      const worker: FakeWorker = {
        pid: workers.length + 1,
        told: [],
        killed: [],
        say: onMessage,
        end: onExit,
      }
      workers.push(worker)
      return {
        pid: worker.pid,
        send: (message) => void worker.told.push(message),
        kill: (signal) => void worker.killed.push(signal),
      }
    },
    stopDrainMs: 100,
    restartDrainMs: 5_000,
    now: () => clock.now,
    wait: (ms) =>
      new Promise((resolve) => {
        if (ms === START_LIMIT_MS) startLimits.push(resolve)
        else waits.push({ ms, over: resolve })
      }),
    logger: createLogger({ write: (line) => void log.push(line) }),
  })
  const worker = (pid: number) => {
    const found = workers[pid - 1]
    if (found === undefined) throw new Error(`worker ${pid} was not started`)
    return found
  }
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { pool, workers, worker, waits, startLimits, clock, log, settle }
}

async function openServing(size = 2) {
  const opened = openPool(size)
  const starting = opened.pool.start()
  for (let pid = 1; pid <= size; pid++) {
    opened.worker(pid).say(READY)
    await opened.settle()
  }
  await starting
  return opened
}

test("the first worker serves before the others are started", async () => {
  const { pool, workers, worker, settle } = openPool(3)
  const starting = pool.start()
  await settle()
  expect(workers).toHaveLength(1)
  worker(1).say(READY)
  await settle()
  expect(workers).toHaveLength(3)
  worker(2).say(READY)
  worker(3).say(READY)
  await starting
})

test.each([
  [1, 1],
  [2, 2],
])("a first worker that ends with code %i ends the start with %i", async (code, exitCode) => {
  const { pool, worker, workers } = openPool()
  const starting = pool.start()
  worker(1).end({ code, signal: null })
  await expect(starting).rejects.toMatchObject({ code: "workers_failed", exitCode })
  expect(workers).toHaveLength(1)
})

test("a worker that does not get ready in a minute is killed, one that serves is not", async () => {
  const { pool, worker, startLimits, settle } = await openServing(1)
  void pool.restart()
  await settle()
  for (const over of startLimits) over()
  await settle()
  expect(worker(1).killed).toEqual([])
  expect(worker(2).killed).toEqual(["SIGKILL"])
})

test("a worker that dies is replaced at once, and later with growing pauses", async () => {
  const { worker, workers, waits, clock, settle, pool } = await openServing()
  clock.now = 60_000
  worker(1).end(KILLED)
  await settle()
  expect(workers).toHaveLength(3)
  worker(3).end(KILLED)
  await settle()
  expect(workers).toHaveLength(4)
  worker(4).end(KILLED)
  await settle()
  expect(waits.map(({ ms }) => ms)).toEqual([500])
  expect(workers).toHaveLength(4)
  waits[0]?.over()
  await settle()
  expect(workers).toHaveLength(5)
  expect(pool.deaths()).toBe(3)
})

test("workers that end as fast as they are started end the primary, with what to do", async () => {
  const { pool, worker, workers, waits, settle } = await openServing(1)
  for (let pid = 1; pid <= 5; pid++) {
    worker(pid).end(KILLED)
    await settle()
    waits.at(-1)?.over()
    await settle()
  }
  await expect(pool.failed).rejects.toThrow(/5 in a row, the last one by SIGKILL.*--workers 1/)
  expect(workers).toHaveLength(5)
})

test("quick deaths do not end the primary while another worker serves", async () => {
  const { pool, worker, workers, waits, settle } = await openServing(2)
  let failed = false
  pool.failed.catch(() => {
    failed = true
  })
  for (let pid = 2; pid <= 8; pid++) {
    worker(pid).end(KILLED)
    await settle()
    waits.at(-1)?.over()
    await settle()
  }
  expect(workers).toHaveLength(9)
  expect(failed).toBe(false)
})

test("a restart replaces one worker at a time, and stops none before its successor serves", async () => {
  const { pool, worker, workers, settle } = await openServing(2)
  const restarting = pool.restart()
  await settle()
  expect(workers).toHaveLength(3)
  expect(worker(1).told).toEqual([])
  worker(3).say(READY)
  await settle()
  expect(worker(1).told).toEqual([{ type: "stop", drainMs: 5_000, staysReady: true }])
  expect(worker(2).told).toEqual([])
  expect(workers).toHaveLength(3)
  worker(1).say(DRAINED)
  expect(worker(1).told.at(-1)).toEqual({ type: "leave" })
  worker(1).end(DONE)
  await settle()
  expect(workers).toHaveLength(4)
  worker(4).say(READY)
  await settle()
  worker(2).end(DONE)
  await restarting
  expect(pool.members().map(({ process }) => process.pid)).toEqual([3, 4])
  expect(pool.deaths()).toBe(0)
})

test("a new worker that does not start ends the restart, and the old ones go on", async () => {
  const { pool, worker, workers, log, settle } = await openServing(2)
  const restarting = pool.restart()
  await settle()
  worker(3).end({ code: 2, signal: null })
  await restarting
  expect(workers).toHaveLength(3)
  expect(worker(1).told).toEqual([])
  expect(log.join("")).toContain("the old ones go on")
})

test("a worker that dies during a restart leaves neither more nor fewer than there should be", async () => {
  const { pool, worker, clock, settle } = await openServing(2)
  clock.now = 60_000
  const restarting = pool.restart()
  await settle()
  worker(1).end(KILLED)
  await settle()
  expect(pool.members().map(({ process }) => process.pid)).toEqual([2, 3, 4])
  worker(4).say(READY)
  worker(3).say(READY)
  await settle()
  worker(3).end(DONE)
  await settle()
  worker(5).say(READY)
  await settle()
  worker(2).end(DONE)
  await restarting
  expect(pool.members().map(({ process }) => process.pid)).toEqual([4, 5])
})

test("a restart that is asked for during a restart is done after it", async () => {
  const { pool, worker, workers, settle } = await openServing(1)
  const restarting = pool.restart()
  expect(pool.restart()).toBe(restarting)
  await settle()
  worker(2).say(READY)
  await settle()
  worker(1).end(DONE)
  await settle()
  expect(workers).toHaveLength(3)
  worker(3).say(READY)
  await settle()
  worker(2).end(DONE)
  await restarting
})

test("stopping tells all at once, starts none, and kills what does not stop in time", async () => {
  const { pool, worker, workers, waits, settle } = await openServing(2)
  const stopped = vi.fn()
  const stopping = pool.stop().then(stopped)
  for (const pid of [1, 2]) {
    expect(worker(pid).told).toEqual([{ type: "stop", drainMs: 100, staysReady: false }])
  }
  worker(1).end(DONE)
  await settle()
  expect(stopped).not.toHaveBeenCalled()
  expect(waits.map(({ ms }) => ms)).toEqual([15_100, 15_100])
  for (const { over } of waits) over()
  await settle()
  expect(worker(2).killed).toEqual(["SIGKILL"])
  worker(2).end(KILLED)
  await stopping
  expect(workers).toHaveLength(2)
})
