import type { ChangeCount, Counted } from "../limits/shared-counts.ts"
import { type FromWorker, messageToWorker } from "./messages.ts"

/** The way to the primary process, as `cluster.worker` has it. */
export type CountingChannel = {
  send(message: FromWorker, sent: (error: Error | null) => void): unknown
  on(event: "message" | "disconnect", listener: (message: unknown) => void): unknown
  isConnected(): boolean
}

/** How long the primary process may take to answer, in milliseconds: as long as Redis may. */
const COUNT_LIMIT_MS = 500

/** Has the primary process count for a worker. Whatever is not answered in time rejects: it may have been counted or not. */
export function createCounting(channel: CountingChannel): ChangeCount {
  const waiting = new Map<number, PromiseWithResolvers<Counted>>()
  let last = 0
  channel.on("message", (received) => {
    const message = messageToWorker(received)
    if (message?.type === "counted") waiting.get(message.id)?.resolve(message.counted)
  })
  const lost = () => new Error("the primary process, which counts attempts, is gone")
  channel.on("disconnect", () => {
    for (const { reject } of waiting.values()) reject(lost())
  })

  return async (change) => {
    if (!channel.isConnected()) throw lost()
    const id = ++last
    const answer = Promise.withResolvers<Counted>()
    const timer = setTimeout(() => {
      const late = new Error(`no answer from the primary process within ${COUNT_LIMIT_MS} ms`)
      // Where this process was held up itself, the answer may lie there unread: it is read before the next immediate.
      setImmediate(() => answer.reject(late))
    }, COUNT_LIMIT_MS)
    waiting.set(id, answer)
    try {
      channel.send({ type: "count", id, change }, (error) => error !== null && answer.reject(error))
      return await answer.promise
    } finally {
      clearTimeout(timer)
      waiting.delete(id)
    }
  }
}
