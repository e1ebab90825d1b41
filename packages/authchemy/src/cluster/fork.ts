import cluster from "node:cluster"
import { messageFromWorker } from "./messages.ts"
import type { Fork } from "./pool.ts"

/**
 * Starts workers with `node:cluster`: this very program, with the same arguments, on this process's listening sockets.
 * @param env beside this process's environment
 */
export function forkWorker(env: Record<string, string>): Fork {
  return ({ onMessage, onExit }) => {
    const worker = cluster.fork(env)
    worker.on("message", (message: unknown) => {
      const known = messageFromWorker(message)
      if (known !== null) onMessage(known)
    })
    worker.once("exit", (code: number | null, signal: NodeJS.Signals | null) =>
      onExit({ code: signal ? null : code, signal: signal || null }),
    )
    // A message to a process that has just died fails here; its end is told by `exit`.
    worker.on("error", () => {})
    return {
      pid: worker.process.pid ?? 0,
      send: (message) => {
        if (worker.isConnected()) worker.send(message)
      },
      kill: (signal) => {
        worker.process.kill(signal)
      },
    }
  }
}
