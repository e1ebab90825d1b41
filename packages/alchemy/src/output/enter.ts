import type { Readable } from "node:stream"

/**
 * Resolves when a line arrives on `stdin`. Never settles where the input ends instead, and rejects when `signal` aborts;
 * either way nothing keeps listening, so that the process can end.
 */
export function waitForEnter(stdin: Readable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      stdin.off("data", onData)
      stdin.off("end", stop)
      stdin.off("error", stop)
      signal.removeEventListener("abort", onAbort)
      stdin.pause()
    }
    const onData = (chunk: Buffer | string) => {
      if (!/[\r\n]/.test(String(chunk))) return
      stop()
      resolve()
    }
    const onAbort = () => {
      stop()
      reject(signal.reason)
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    stdin.on("data", onData)
    stdin.once("end", stop)
    stdin.once("error", stop)
    stdin.resume()
  })
}
