import type { Logger } from "pino"
import type { FromWorker, StopOptions, ToWorker } from "./messages.ts"
import { type End, endOf, QUICK_DEATH_MS, QUICK_DEATHS, replacementPauseMs } from "./replacement.ts"

/** A worker process, as the primary sees it. */
export type WorkerProcess = {
  readonly pid: number
  send(message: ToWorker): void
  kill(signal: NodeJS.Signals): void
}

/** Starts a worker process; `onExit` is called once, whatever ends it. */
export type Fork = (listeners: {
  onMessage: (message: FromWorker) => void
  onExit: (end: End) => void
}) => WorkerProcess

/** The workers cannot do their work; `code` is stable, `exitCode` is the process's. */
export class WorkersError extends Error {
  readonly code = "workers_failed"
  readonly exitCode: 1 | 2
  constructor(message: string, exitCode: 1 | 2) {
    super(message)
    this.name = "WorkersError"
    this.exitCode = exitCode
  }
}

/** One worker of a pool. */
export type Member = {
  readonly process: WorkerProcess
  readonly startedAt: number
  /** `true` when it serves, `false` where it ended before that. */
  readonly ready: Promise<boolean>
  readonly exited: Promise<End>
  serves: boolean
  /** Its end is no reason to start another one. */
  mayEnd: boolean
}

/** What is left of a worker that was told to stop after its drain time and this, in milliseconds, is killed. */
const STOP_LIMIT_MS = 15_000

/** A worker that neither serves nor ends within this time after its start, in milliseconds, is killed. */
const START_LIMIT_MS = 60_000

/** Keeps a number of workers going. */
export type WorkerPool = {
  /** The workers that live. */
  members(): readonly Member[]
  /** Starts the first worker, and when it serves the others. @throws WorkersError where the first one does not come to serve */
  start(): Promise<void>
  /** Replaces every worker, one at a time; a new one serves before the old one is told to stop. Asked for again meanwhile, it is done once more. */
  restart(): Promise<void>
  /** Tells every worker to stop, and resolves when they have ended. */
  stop(): Promise<void>
  /** Rejects with a `WorkersError` where the workers end as fast as they are started. */
  readonly failed: Promise<never>
  /** How many workers have ended without having been told to. */
  deaths(): number
}

/**
 * @param options.size how many workers
 * @param options.stopDrainMs how long they go on answering when the server stops
 * @param options.restartDrainMs how long an old worker goes on answering on its open connections in a restart
 * @param options.now milliseconds, of any origin
 * @param options.wait resolves after so many milliseconds
 * @param options.onMessage what a worker says beside being ready and drained
 * @param options.onGone a worker has ended
 */
export function createWorkerPool(options: {
  size: number
  fork: Fork
  stopDrainMs: number
  restartDrainMs: number
  now: () => number
  wait: (ms: number) => Promise<void>
  logger: Logger
  onMessage?: (member: Member, message: FromWorker) => void
  onGone?: (member: Member) => void
}): WorkerPool {
  const { size, logger, now, wait } = options
  const members = new Set<Member>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let stopping = false
  let started = false
  let quickDeaths = 0
  let deaths = 0
  let restarting: Promise<void> | null = null
  let restartAgain = false

  const launch = (): Member => {
    const ready = Promise.withResolvers<boolean>()
    const exited = Promise.withResolvers<End>()
    const worker = options.fork({
      onMessage: (message) => {
        if (message.type === "ready") {
          member.serves = true
          ready.resolve(true)
        }
        options.onMessage?.(member, message)
        if (message.type === "drained") worker.send({ type: "leave" })
      },
      onExit: (end) => {
        members.delete(member)
        ready.resolve(false)
        exited.resolve(end)
        options.onGone?.(member)
        if (!stopping && !member.mayEnd) void replace(member, end)
      },
    })
    const member: Member = {
      process: worker,
      startedAt: now(),
      ready: ready.promise,
      exited: exited.promise,
      serves: false,
      mayEnd: false,
    }
    members.add(member)
    void wait(START_LIMIT_MS).then(() => {
      if (member.serves || !members.has(member)) return
      logger.error({ worker: worker.pid }, "a worker does not get ready, and is killed")
      worker.kill("SIGKILL")
    })
    return member
  }

  const replace = async (member: Member, end: End) => {
    // The first worker's own refusal to start is told by `start`.
    if (!started && end.signal === null) return
    deaths++
    quickDeaths = now() - member.startedAt < QUICK_DEATH_MS ? quickDeaths + 1 : 0
    const pauseMs = replacementPauseMs(quickDeaths)
    logger.error({ worker: member.process.pid, ...end, pauseMs }, "a worker has ended by itself")
    if (quickDeaths >= QUICK_DEATHS && !working().some(({ serves }) => serves)) {
      const message = `workers end as soon as they start: ${quickDeaths} in a row, the last one ${endOf(end)}. What they wrote before it is above; try one alone: authchemy serve --workers 1`
      failed.reject(new WorkersError(message, 1))
      return
    }
    if (!started) return
    if (pauseMs > 0) await wait(pauseMs)
    if (!stopping && working().length < size) launch()
  }

  const working = () => [...members].filter(({ mayEnd }) => !mayEnd)

  const end = async (member: Member, how: StopOptions) => {
    member.mayEnd = true
    member.process.send({ type: "stop", ...how })
    const inTime = Symbol("in time")
    const outcome = await Promise.race([member.exited.then(() => inTime), wait(how.drainMs + STOP_LIMIT_MS)])
    if (outcome === inTime) return
    logger.error({ worker: member.process.pid }, "a worker does not stop, and is killed")
    member.process.kill("SIGKILL")
    await member.exited
  }

  const restartAll = async () => {
    for (const old of working()) {
      if (stopping || !members.has(old)) continue
      const next = launch()
      next.mayEnd = true
      if (!(await next.ready)) {
        if (!stopping)
          logger.error("a new worker did not start: the old ones go on, and nothing is restarted")
        return
      }
      next.mayEnd = false
      if (stopping) return
      const how = { drainMs: options.restartDrainMs, staysReady: true }
      if (members.has(old)) await end(old, how)
      else if (working().length > size) await end(next, how)
    }
  }

  return {
    members: () => [...members],
    failed: failed.promise,
    deaths: () => deaths,
    async start() {
      for (let first = launch(); !(await first.ready); first = launch()) {
        const { code, signal } = await first.exited
        if (stopping) return
        // An error that it found itself stands on standard error, as it would without workers.
        if (signal === null) {
          throw new WorkersError(
            `the first worker ended with code ${code} before it served`,
            code === 2 ? 2 : 1,
          )
        }
        await Promise.race([failed.promise, wait(replacementPauseMs(quickDeaths))])
      }
      started = true
      if (stopping) return
      const others = Array.from({ length: size - members.size }, launch)
      await Promise.all(others.map(({ ready }) => ready))
    },
    restart() {
      if (restarting !== null) {
        restartAgain = true
        return restarting
      }
      restarting = (async () => {
        do {
          restartAgain = false
          logger.info({ workers: size }, "restarting the workers")
          await restartAll()
        } while (restartAgain && !stopping)
        restarting = null
        if (!stopping) logger.info({ workers: members.size }, "the restart has ended")
      })()
      return restarting
    },
    async stop() {
      stopping = true
      await Promise.all(
        [...members].map((member) => end(member, { drainMs: options.stopDrainMs, staysReady: false })),
      )
    },
  }
}
