import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join, resolve } from "node:path"
import { freePort } from "./start-redis.ts"

const root = resolve(import.meta.dirname, "..")

/**
 * The search path without any checkout's `node_modules`: npm has to run on the machine's own Node. With the pinned one it would look elsewhere
 * for its global configuration, where a machine may name its certificates.
 */
export const machinePath = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter)

/** What a finished command left. */
export type Finished = {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  ms: number
}

/** A command under way: its output so far, and a wait for a text in it. */
export type Running = {
  child: ChildProcess
  /** Resolves with the first match in stdout or stderr. Rejects where the command ends without one. */
  shows(pattern: RegExp): Promise<RegExpExecArray>
  finished: Promise<Finished>
}

/** Starts a program with exactly this environment besides PATH. */
export function run(
  command: string,
  args: string[],
  options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Running {
  const started = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: { PATH: process.env.PATH ?? "", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  })
  child.stdin.on("error", () => {})
  child.stdin.end(options.input ?? "")
  const output = { stdout: "", stderr: "" }
  const watchers = new Set<() => void>()
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text
      for (const watcher of watchers) watcher()
    })
  }
  const finished = once(child, "close").then(([code, signal]) => ({
    code,
    signal,
    ...output,
    ms: performance.now() - started,
  }))
  return {
    child,
    finished,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output.stdout) ?? pattern.exec(output.stderr)
          if (match === null) return
          watchers.delete(look)
          resolve(match)
        }
        watchers.add(look)
        look()
        finished.then(
          (end) =>
            reject(
              new Error(`ended with ${end.code} before showing ${pattern}:\n${end.stdout}${end.stderr}`),
            ),
          reject,
        )
      }),
  }
}

/** A directory that is removed by `remove`. */
export async function temporaryDirectory(name: string) {
  const path = await mkdtemp(join(tmpdir(), `authchemy-${name}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** A real server process on loopback, on the embedded store or on Redis. */
export type Server = {
  url: string
  port: number
  dataDirectory: string
  env: Record<string, string>
  /** All that the process has logged. */
  log: () => string
  /** Ends the process with a signal and waits for it. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>
  pid: number
}

/**
 * Starts `authchemy` on a loopback port and resolves when it is ready.
 * @param options.port a port to come back on; a free one where left out
 */
export async function startServer(options: {
  dataDirectory: string
  port?: number
  env?: Record<string, string>
}): Promise<Server> {
  const port = options.port ?? (await freePort())
  const env: Record<string, string> = {
    AUTHCHEMY_PORT: String(port),
    AUTHCHEMY_DATA_DIR: options.dataDirectory,
    AUTHCHEMY_BREACHED_PASSWORDS_URL: "off",
    ...options.env,
  }
  const running = run(join(root, "bin/authchemy"), [], { env })
  let log = ""
  for (const stream of [running.child.stdout, running.child.stderr]) {
    stream?.on("data", (text: string) => {
      log += text
    })
  }
  const url = env.AUTHCHEMY_URL ?? `http://localhost:${port}`
  await running.shows(/listening/i)
  return {
    url,
    port,
    dataDirectory: options.dataDirectory,
    env,
    log: () => log,
    pid: running.child.pid ?? 0,
    stop: async (signal = "SIGTERM") => {
      running.child.kill(signal)
      return (await running.finished).code
    },
  }
}

/** Runs `authchemy migrate`, which servers on PostgreSQL wait for. @returns what it said */
export async function migrateDatabase(env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await run(join(root, "bin/authchemy"), ["migrate"], { env }).finished
  if (code !== 0) throw new Error(`migrate: ${stderr}`)
  return stdout
}

/** Runs `authchemy accounts create` for a server's data. */
export async function createAccount(
  server: { env: Record<string, string> },
  person: { email: string; password: string; name?: string },
): Promise<Finished> {
  const args = ["accounts", "create", "--email", person.email, "--password-stdin"]
  if (person.name !== undefined) args.push("--name", person.name)
  const finished = await run(join(root, "bin/authchemy"), args, {
    env: server.env,
    input: `${person.password}\n`,
  }).finished
  if (finished.code !== 0) throw new Error(`accounts create: ${finished.stderr}`)
  return finished
}

/** The `alchemy` command of this checkout for one person at one machine: a home directory and a server. */
export function alchemyFor(options: { home: string; authUrl: string; env?: Record<string, string> }) {
  const env = {
    HOME: options.home,
    ALCHEMY_CONFIG: join(options.home, "config.json"),
    ALCHEMY_AUTH_URL: options.authUrl,
    ...options.env,
  }
  const start = (...args: string[]) => run(join(root, "bin/alchemy"), args, { env })
  return {
    env,
    configPath: env.ALCHEMY_CONFIG,
    start,
    run: (...args: string[]) => start(...args).finished,
  }
}
