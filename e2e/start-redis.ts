import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    /** A real Redis server on loopback, started for this run; each test takes a key prefix or database of its own. */
    redisUrl: string
  }
}

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", resolve)
  })
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

/**
 * Starts a real `redis-server` on a loopback port, a free one unless told otherwise, nothing on disk.
 * Resolves when it accepts connections; `stop` ends that process and waits for it.
 */
export async function startRedis(options: { port?: number } = {}): Promise<{
  url: string
  port: number
  pid: number
  stop: () => Promise<void>
}> {
  const port = options.port ?? (await freePort())
  const directory = await mkdtemp(join(tmpdir(), "authchemy-redis-"))
  const child = spawn(
    "redis-server",
    [
      ...[
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        directory,
        "--save",
        "",
        "--appendonly",
        "no",
      ],
      ...["--maxmemory-policy", "noeviction", "--databases", "64"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Error("redis-server cannot be started; script/test says how to install it", { cause })),
    )
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)))
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes("Ready to accept connections")) resolve()
    })
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGKILL")
      await exited
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Vitest's global set-up: one Redis server for the whole run. */
export default async function setup(project: TestProject) {
  const redis = await startRedis()
  project.provide("redisUrl", redis.url)
  return redis.stop
}
