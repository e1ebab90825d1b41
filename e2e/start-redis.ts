import { spawn } from "node:child_process"
import { randomInt } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { type Certificates, createCertificates } from "./certificates.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** A real Redis server on loopback, started for this run; each test takes a key prefix or database of its own. */
    redisUrl: string
  }
}

/** A process of Redis, and what can be done to it. Each resolves when it is done. */
export type RedisProcess = {
  readonly port: number
  readonly pid: number
  /** Stops it without a warning, as `SIGKILL` does. */
  kill(): Promise<void>
  /** Starts it anew on the same port, with nothing in memory. */
  restart(): Promise<void>
  /** Holds it up: its connections stay, and nothing answers. */
  freeze(): void
  thaw(): void
  /** Stops it for good, and removes its directory. */
  stop(): Promise<void>
}

/** Ports below those that systems give to outgoing connections: one that a test lets go for a moment is not taken by a connection of another's. */
const [FIRST_PORT, LAST_PORT] = [10_000, 31_999]

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1)
    if (await isFree(port)) return port
  }
  throw new Error("no port is free")
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  const isBound = await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(false))
    probe.listen(port, "127.0.0.1", () => resolve(true))
  })
  await new Promise((resolve) => probe.close(resolve))
  return isBound
}

/**
 * Starts a `redis-server` on 127.0.0.1 in a directory of its own, nothing on disk. Resolves when it accepts connections.
 * @param options.flags as on the command line
 * @param options.port a free one unless told otherwise
 * @param options.configFile the text of a file that Redis may rewrite; a Sentinel needs one
 */
export async function startRedisProcess(options: {
  flags?: readonly string[]
  port?: number
  configFile?: string
}): Promise<RedisProcess> {
  const port = options.port ?? (await freePort())
  const directory = await mkdtemp(join(tmpdir(), "authchemy-redis-"))
  const files = options.configFile === undefined ? [] : [join(directory, "redis.conf")]
  for (const file of files) await writeFile(file, options.configFile ?? "")
  const flags = [
    ...files,
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
    ...(options.flags ?? []),
  ]
  let running = await launch(flags)
  const kill = async () => {
    running.child.kill("SIGKILL")
    await running.exited
  }
  return {
    port,
    get pid() {
      return running.child.pid ?? 0
    },
    kill,
    restart: async () => {
      running = await launch(flags)
    },
    freeze: () => running.child.kill("SIGSTOP"),
    thaw: () => running.child.kill("SIGCONT"),
    stop: async () => {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function launch(flags: readonly string[]) {
  const child = spawn("redis-server", flags, { stdio: ["ignore", "pipe", "inherit"] })
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  let output = ""
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Error("redis-server cannot be started; script/test says how to install it", { cause })),
    )
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${output}`)))
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk
      if (/Ready to accept connections|Sentinel ID is/.test(output)) resolve()
    })
  })
  return { child, exited }
}

/**
 * Starts a real `redis-server` on a loopback port, a free one unless told otherwise, nothing on disk.
 * Resolves when it accepts connections; `stop` ends that process and waits for it.
 * @param options.tls it speaks TLS only, with a certificate of a CA made for it, and asks clients for one of that CA
 * @param options.acl lines of `ACL SETUSER`, the name first; the default user is off then
 * @returns `url` without credentials; with TLS, `certificates` holds the paths that it needs as parameters
 */
export async function startRedis(
  options: { port?: number; tls?: boolean; acl?: readonly string[] } = {},
): Promise<RedisProcess & { url: string; certificates: Certificates | null }> {
  const port = options.port ?? (await freePort())
  const certificates = options.tls ? await createCertificates() : null
  const process = await startRedisProcess({
    port,
    flags: [
      ...["--maxmemory-policy", "noeviction", "--databases", "64"],
      ...(options.acl ?? []).flatMap((line) => ["--user", ...line.split(" ")]),
      ...(options.acl ? ["--user", "default", "off"] : []),
      ...(certificates === null ? [] : tlsFlags(port, certificates)),
    ],
  })
  return {
    ...process,
    url: `${certificates === null ? "redis" : "rediss"}://127.0.0.1:${port}`,
    certificates,
    get pid() {
      return process.pid
    },
    stop: async () => {
      await process.stop()
      await certificates?.remove()
    },
  }
}

function tlsFlags(port: number, { ca, cert, key }: Certificates): string[] {
  const files = ["--tls-ca-cert-file", ca, "--tls-cert-file", cert, "--tls-key-file", key]
  return ["--port", "0", "--tls-port", String(port), ...files]
}

/** Vitest's global set-up: one Redis server for the whole run. */
export default async function setup(project: TestProject) {
  const redis = await startRedis()
  project.provide("redisUrl", redis.url)
  return redis.stop
}
