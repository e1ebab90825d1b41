import type { Logger } from "pino"
import type { RunningServer } from "../serve.ts"
import { type FromWorker, messageToWorker, type StopOptions } from "./messages.ts"

/** The way to the primary process, as `cluster.worker` has it. */
export type PrimaryChannel = {
  send(message: FromWorker): unknown
  on(event: "message" | "disconnect", listener: (message: unknown) => void): unknown
  /** Ends the channel; a process that has ended it itself is not ended by the loss of it. */
  disconnect(): unknown
  isConnected(): boolean
  exitedAfterDisconnect?: boolean
}

const AT_ONCE: StopOptions = { drainMs: 0, staysReady: false }

/**
 * Serves until the primary says stop, a signal comes, or the primary is gone; whichever it is, all that was asked is answered first.
 * @param options.told resolves with a signal to stop
 * @param options.atSignal how it stops then: a signal to the whole group comes here and to the primary
 * @param options.start starts the server; its argument tells the metrics of all workers
 */
export async function runWorker(options: {
  channel: PrimaryChannel
  told: Promise<NodeJS.Signals>
  atSignal: StopOptions
  start: (metricsText: () => Promise<string>) => Promise<RunningServer>
  logger: Logger
}): Promise<void> {
  const { channel, logger } = options
  const stop = Promise.withResolvers<StopOptions>()
  const leave = Promise.withResolvers<void>()
  const scrapes = new Map<number, PromiseWithResolvers<string>>()
  let lastScrape = 0
  let server: RunningServer | null = null

  const send = (message: FromWorker) => {
    if (channel.isConnected()) channel.send(message)
  }
  channel.on("message", async (received) => {
    const message = messageToWorker(received)
    if (message?.type === "stop") stop.resolve(message)
    if (message?.type === "leave") leave.resolve()
    if (message?.type === "collect") {
      send({ type: "collected", id: message.id, metrics: (await server?.metrics()) ?? [] })
    }
    if (message?.type === "metrics") {
      const scrape = scrapes.get(message.id)
      scrapes.delete(message.id)
      if (message.text === null) scrape?.reject(new Error("the workers' metrics could not be summed up"))
      else scrape?.resolve(message.text)
    }
  })
  channel.on("disconnect", () => {
    stop.resolve(AT_ONCE)
    leave.resolve()
    for (const { reject } of scrapes.values()) reject(new Error("the primary process is gone"))
  })
  options.told.then(() => stop.resolve(options.atSignal))

  const metricsText = () => {
    const scrape = Promise.withResolvers<string>()
    scrapes.set(++lastScrape, scrape)
    send({ type: "scrape", id: lastScrape })
    return scrape.promise
  }
  server = await options.start(metricsText)
  // Where the primary is lost, Node ends its workers on the spot. From here on this one ends by itself, when it has answered.
  channel.exitedAfterDisconnect = true
  send({ type: "ready", url: server.issuer })
  const how = await stop.promise
  logger.info({ worker: process.pid, drainMs: how.drainMs }, "stopping")
  await server.stop(how)
  send({ type: "drained", metrics: await server.metrics() })
  // A connection may be on its way still: it is refused, and the primary gives it to another worker. When it says so, there is none.
  if (channel.isConnected()) await leave.promise
  if (channel.isConnected()) channel.disconnect()
  logger.info({ worker: process.pid }, "stopped")
}
