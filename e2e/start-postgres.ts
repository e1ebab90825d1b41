import { execFile, spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Client } from "pg"
import type { TestProject } from "vitest/node"
import type { Certificates } from "./certificates.ts"
import { freePort } from "./start-redis.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** A real PostgreSQL server on loopback, started for this run, without a database's name; `null` where none can be run. */
    postgresUrl: string | null
  }
}

const execute = promisify(execFile)

/** Where Debian, Homebrew and hand-made installations keep the server's programs; the newest first. */
function programFolder(): string | null {
  const debian = "/usr/lib/postgresql"
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env.PATH ?? "").split(":"),
  ]
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? null
}

/** PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes. `null` where there is none. */
async function userForPostgres(): Promise<{ uid?: number; gid?: number } | null> {
  if (process.getuid?.() !== 0) return {}
  const idOf = async (flag: string) => Number((await execute("id", [flag, "postgres"])).stdout)
  try {
    return { uid: await idOf("-u"), gid: await idOf("-g") }
  } catch {
    return null
  }
}

/** A PostgreSQL server of the tests' own. */
export type Postgres = {
  /** `postgres://user:password@127.0.0.1:port`, without a database's name. */
  url: string
  pid: number
  /** Ends the process, whatever it is at, and waits for it. What was committed stays. */
  stop(): Promise<void>
  /** Starts again on the same port and the same data. */
  start(): Promise<void>
  /** Stops, and removes all that it kept. */
  remove(): Promise<void>
}

/**
 * Starts a private PostgreSQL server on a free loopback port, with its data and its socket in a temporary directory, and passwords asked for. Resolves when it
 * accepts connections; `null` where PostgreSQL is not installed, or this is root and no user `postgres` is there.
 * @param options.certificates it takes TLS connections only, with these
 */
export async function startPostgres(options: { certificates?: Certificates } = {}): Promise<Postgres | null> {
  const programs = programFolder()
  const user = await userForPostgres()
  if (programs === null || user === null) return null
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), "authchemy-postgres-"))
  const data = join(directory, "data")
  await mkdir(data)
  const { uid, gid } = user
  if (uid !== undefined && gid !== undefined) {
    for (const path of [directory, data]) await chown(path, uid, gid)
  }
  await chmod(directory, 0o700)
  const asUser = { ...user, cwd: directory, env: { PATH: process.env.PATH ?? "", LC_ALL: "C" } }
  const passwordFile = join(directory, "password")
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 })
  const setUp = ["--pgdata", data, "--no-sync", "--username", "authchemy", "--pwfile", passwordFile]
  const kind = ["--encoding", "UTF8", "--locale", "C", "--auth", "scram-sha-256"]
  await execute(join(programs, "initdb"), [...setUp, ...kind], asUser)

  const tls = options.certificates === undefined ? {} : await takeTlsOnly(data, options.certificates, user)
  const listening = { listen_addresses: "127.0.0.1", port, unix_socket_directories: directory }
  const settings = { ...listening, fsync: "off", ...tls }
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const launch = async () => {
    const child = spawn(join(programs, "postgres"), ["-D", data, ...flags], {
      ...asUser,
      stdio: ["ignore", "ignore", "pipe"],
    })
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
    let log = ""
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject)
      child.once("exit", (code) => reject(new Error(`postgres ended with ${code}:\n${log}`)))
      child.stderr.on("data", (chunk: Buffer) => {
        log = `${log}${chunk}`.slice(-10_000)
        if (log.includes("ready to accept connections")) resolve()
      })
    })
    return { child, exited }
  }

  let running = await launch()
  const postgres: Postgres = {
    url: `postgres://authchemy:${PASSWORD}@127.0.0.1:${port}`,
    get pid() {
      return running.child.pid ?? 0
    },
    stop: async () => {
      // "Immediate shutdown": connections are dropped without a farewell. SIGKILL would leave its children behind.
      running.child.kill("SIGQUIT")
      await running.exited
    },
    start: async () => {
      running = await launch()
    },
    remove: async () => {
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return postgres
}

/** Gives the server a certificate, and lets it take nothing but TLS. @returns the settings that say so */
async function takeTlsOnly(data: string, certificates: Certificates, user: { uid?: number; gid?: number }) {
  const [cert, key] = [join(data, "server.pem"), join(data, "server.key")]
  await copyFile(certificates.cert, cert)
  await copyFile(certificates.key, key)
  await chmod(key, 0o600)
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [cert, key]) await chown(path, user.uid, user.gid)
  }
  await writeFile(join(data, "pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n")
  return { ssl: "on", ssl_cert_file: cert, ssl_key_file: key }
}

const PASSWORD = "postgres-test-password"

/**
 * Makes an empty database. @param name a word of a test file's own
 * @returns its URL
 */
export async function createPostgresDatabase(url: string, name: string): Promise<string> {
  const client = new Client({ connectionString: `${url}/postgres` })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE "${name}"`)
  } finally {
    await client.end()
  }
  return `${url}/${name}`
}

/** Vitest's global set-up: one PostgreSQL server for the whole run, where there is one. */
export default async function setup(project: TestProject) {
  const postgres = await startPostgres()
  project.provide("postgresUrl", postgres?.url ?? null)
  if (postgres === null)
    process.stderr.write(
      "PostgreSQL cannot be run here: its tests are skipped. script/test says how to install it.\n",
    )
  return async () => postgres?.remove()
}
