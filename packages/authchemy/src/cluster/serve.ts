import cluster from "node:cluster"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type { Logger } from "pino"
import type { Config } from "../config.ts"
import { createSharedCounts } from "../limits/shared-counts.ts"
import { ListenError } from "../listen.ts"
import { signalled, startServer, stopDrainMs } from "../serve.ts"
import { createCounting } from "./counting.ts"
import { forkWorker } from "./fork.ts"
import { createWorkerPool } from "./pool.ts"
import { createScrape } from "./scrape.ts"
import { runWorker } from "./worker.ts"

/** How long an old worker goes on answering on its open connections where the configuration does not say, in milliseconds. */
const RESTART_DRAIN_MS = 5_000

/** Signals for a restart. */
const RESTART: readonly NodeJS.Signals[] = ["SIGHUP", "SIGUSR2"]

/**
 * One process of several that serve at one port. The primary starts the workers, puts others in the place of those that die, replaces all of them at SIGHUP
 * or SIGUSR2, and ends when they have stopped at SIGTERM or SIGINT.
 * @throws ListenError, WorkersError, and in a worker what `startServer` throws
 */
export async function serveAsOneOfSeveral(config: Config, logger: Logger): Promise<void> {
  const { worker } = cluster
  if (worker === undefined) return runPrimary(config, logger)
  // These are the primary's to answer, but a terminal sends them to every process.
  for (const signal of RESTART) process.on(signal, () => {})
  const told = signalled("SIGTERM", "SIGINT")
  const changeCount = createCounting(worker)
  await runWorker({
    channel: worker,
    told,
    atSignal: { drainMs: stopDrainMs(config), staysReady: false },
    start: (metricsText) => startServer(config, logger, { besideOthers: true, metricsText, changeCount }),
    logger,
  })
}

async function runPrimary(config: Config, logger: Logger): Promise<void> {
  const told = signalled("SIGTERM", "SIGINT")
  const port = config.port === 0 ? await findFreePort(config.host) : config.port
  const changeCount = createSharedCounts()
  const scrape = createScrape({ wait: sleepAside, deaths: () => pool.deaths() })
  const pool = createWorkerPool({
    size: config.workers,
    fork: forkWorker({ AUTHCHEMY_PORT: String(port) }),
    stopDrainMs: stopDrainMs(config),
    restartDrainMs: config.drainSeconds === null ? RESTART_DRAIN_MS : config.drainSeconds * 1000,
    now: () => performance.now(),
    wait: sleepAside,
    logger,
    onMessage: (member, message) => {
      const { process: asked } = member
      if (message.type === "collected") scrape.collected(asked, message.id, message.metrics)
      if (message.type === "drained") scrape.drained(asked, message.metrics)
      if (message.type === "count") {
        const { id, change } = message
        void changeCount(change).then((counted) => asked.send({ type: "counted", id, counted }))
      }
      if (message.type === "scrape") {
        const answer = (text: string | null) => asked.send({ type: "metrics", id: message.id, text })
        scrape.text(pool.members().map(({ process }) => process)).then(answer, (err: unknown) => {
          logger.error({ err }, "metrics could not be summed up")
          answer(null)
        })
      }
    },
    onGone: ({ process: asked }) => scrape.gone(asked),
  })
  for (const signal of RESTART) process.on(signal, () => void pool.restart())
  // Between the death of the last worker and the start of the next, nothing else keeps this process.
  const keepAlive = setInterval(() => {}, 60_000)
  const starting = pool
    .start()
    .then(() => logger.info({ workers: config.workers, port }, "all workers serve"))
  try {
    await Promise.race([told, pool.failed, starting.then(() => told)])
    logger.info({ signal: await told }, "stopping")
  } finally {
    starting.catch(() => {})
    await pool.stop()
    clearInterval(keepAlive)
  }
  logger.info("stopped")
}

/** A wait that keeps no process alive by itself. */
function sleepAside(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false })
}

/** The port of 0: one that is free now, for all workers, and the same for those that come later. @throws ListenError */
async function findFreePort(host: string): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (cause) => reject(new ListenError(host, 0, cause)))
    probe.listen(0, host, resolve)
  })
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
}
