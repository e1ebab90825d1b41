import { EventEmitter } from "node:events"
import { expect, test, vi } from "vitest"
import { createLogger } from "../logging.ts"
import type { RunningServer } from "../serve.ts"
import type { FromWorker, StopOptions } from "./messages.ts"
import { type PrimaryChannel, runWorker } from "./worker.ts"

const DONE = [{ name: "c" }]

/** A worker whose primary and server the test plays. */
function startWorker() {
  const events = new EventEmitter()
  const said: FromWorker[] = []
  let connected = true
  const channel: PrimaryChannel = {
    send: (message) => said.push(message),
    on: (event, listener) => events.on(event, listener),
    disconnect: vi.fn(() => {
      connected = false
    }),
    isConnected: () => connected,
  }
  const serving = Promise.withResolvers<RunningServer>()
  const stop = vi.fn<(how?: StopOptions) => Promise<void>>(async () => {})
  const signal = Promise.withResolvers<NodeJS.Signals>()
  let metricsText: () => Promise<string> = async () => ""
  const ended = runWorker({
    channel,
    told: signal.promise,
    atSignal: { drainMs: 700, staysReady: false },
    start: (text) => {
      metricsText = text
      return serving.promise
    },
    logger: createLogger({ write: () => {} }),
  })
  return {
    channel,
    said,
    stop,
    signal: signal.resolve,
    serves: () =>
      serving.resolve({ issuer: "http://localhost:4000", port: 4000, stop, metrics: async () => DONE }),
    hears: (message: unknown) => events.emit("message", message),
    losesPrimary: () => {
      connected = false
      events.emit("disconnect")
    },
    metricsText: () => metricsText(),
    ended,
    settle: () => new Promise<void>((resolve) => setImmediate(resolve)),
  }
}

const STOP = { type: "stop", drainMs: 5, staysReady: true } as const

test("it says when it serves, stops as it is told, and leaves only when the primary says so", async () => {
  const worker = startWorker()
  await worker.settle()
  expect(worker.said).toEqual([])
  worker.serves()
  await worker.settle()
  expect(worker.said).toEqual([{ type: "ready", url: "http://localhost:4000" }])
  worker.hears({ some: "thing else" })
  worker.hears(STOP)
  await worker.settle()
  expect(worker.stop).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ drainMs: 5, staysReady: true }),
  )
  expect(worker.said.at(-1)).toEqual({ type: "drained", metrics: DONE })
  expect(worker.channel.disconnect).not.toHaveBeenCalled()
  worker.hears({ type: "leave" })
  await worker.ended
  expect(worker.channel.disconnect).toHaveBeenCalledOnce()
})

test("told to stop before it serves, it starts and stops", async () => {
  const worker = startWorker()
  worker.hears(STOP)
  worker.hears({ type: "leave" })
  worker.serves()
  await worker.ended
  expect(worker.stop).toHaveBeenCalledOnce()
})

test("a signal stops it as the configuration says", async () => {
  const worker = startWorker()
  worker.serves()
  worker.signal("SIGTERM")
  worker.hears({ type: "leave" })
  await worker.ended
  expect(worker.stop).toHaveBeenCalledExactlyOnceWith({ drainMs: 700, staysReady: false })
})

test("without its primary it ends by itself, once it serves", async () => {
  const worker = startWorker()
  expect(worker.channel.exitedAfterDisconnect).toBeUndefined()
  worker.serves()
  await worker.settle()
  expect(worker.channel.exitedAfterDisconnect).toBe(true)
  worker.losesPrimary()
  await worker.ended
  expect(worker.stop).toHaveBeenCalledOnce()
  expect(worker.channel.disconnect).not.toHaveBeenCalled()
})

test("it tells its metrics, and asks for those of all", async () => {
  const worker = startWorker()
  worker.hears({ type: "collect", id: 7 })
  await worker.settle()
  expect(worker.said).toEqual([{ type: "collected", id: 7, metrics: [] }])
  worker.serves()
  await worker.settle()
  worker.hears({ type: "collect", id: 8 })
  await worker.settle()
  expect(worker.said.at(-1)).toEqual({ type: "collected", id: 8, metrics: DONE })

  const text = worker.metricsText()
  expect(worker.said.at(-1)).toEqual({ type: "scrape", id: 1 })
  worker.hears({ type: "metrics", id: 1, text: "all\n" })
  expect(await text).toBe("all\n")
  const none = worker.metricsText()
  worker.hears({ type: "metrics", id: 2, text: null })
  await expect(none).rejects.toThrow("summed up")
  const lost = worker.metricsText()
  worker.losesPrimary()
  await expect(lost).rejects.toThrow("gone")
  await worker.ended
})
