import { execFile } from "node:child_process"
import { lookup } from "node:dns/promises"
import { existsSync } from "node:fs"
import { connect, createServer } from "node:net"
import { type PortHolder, portHolder } from "./port-holder.ts"

/** The two addresses of this machine that a sign-in listens on. */
export type LoopbackAddress = "127.0.0.1" | "::1"

/** How the doctor touches the machine, so that a test can bring its own. Errors are the system's, with their `code`. */
export type Probes = {
  /** Listens on a port, 0 for any free one, as a sign-in does. */
  listen(port: number, host: LoopbackAddress): Promise<{ port: number; close(): Promise<void> }>
  /** Makes a connection and ends it. */
  connect(target: { host: string; port: number }, signal: AbortSignal): Promise<void>
  /** All addresses of a name, in the system's order. */
  lookUp(name: string): Promise<string[]>
  /** What a program writes to stdout. */
  run(command: string, args: readonly string[], timeoutMs: number): Promise<string>
  holderOf(port: number): Promise<PortHolder | null>
  fileExists(path: string): boolean
  /** A signal that is aborted after so many milliseconds. */
  limit(milliseconds: number): AbortSignal
  /** The id of the user that this process runs as; `null` where there is no such thing. */
  userId: number | null
  /** Without `v`. */
  nodeVersion: string
}

/** The real ones. */
export function systemProbes(platform: NodeJS.Platform): Probes {
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        const server = createServer((socket) => socket.destroy())
        server.once("error", reject)
        server.listen({ port, host, ipv6Only: true, exclusive: true }, () => {
          const address = server.address()
          const bound = typeof address === "object" && address !== null ? address.port : port
          const close = () => new Promise<void>((done) => server.close(() => done()))
          resolve({ port: bound, close })
        })
      }),
    connect: ({ host, port }, signal) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, signal, autoSelectFamily: true })
        socket.once("connect", () => {
          socket.destroy()
          resolve()
        })
        socket.once("error", reject)
      }),
    lookUp: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    run: (command, args, timeoutMs) =>
      new Promise((resolve, reject) => {
        execFile(command, [...args], { timeout: timeoutMs, windowsHide: true }, (error, stdout) =>
          error === null ? resolve(stdout) : reject(error),
        )
      }),
    holderOf: async (port) => (platform === "linux" ? portHolder(port) : null),
    fileExists: existsSync,
    limit: AbortSignal.timeout,
    userId: process.getuid?.() ?? null,
    nodeVersion: process.versions.node,
  }
}
