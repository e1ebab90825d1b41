// Whole-process time and memory of the packed command against `node -e 0` on the same Node, and what is installed.
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { machinePath, temporaryDirectory } from "../e2e/processes.ts"
import { publish } from "./results.ts"
import { inTurn, median } from "./statistics.ts"
import { atMost, type Comparison } from "./tables.ts"

const ROUNDS = Number(process.env.BENCH_START_ROUNDS ?? 40)
const MEMORY_ROUNDS = 11
const SERVER = "http://localhost:16424"
/** The library for the keychain, of which the binary for this system is most. It is optional, and counted apart. */
const KEYCHAIN = "@napi-rs"

const MEASURE = `
import os, sys
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
unit = 1 if sys.platform == "darwin" else 1024
print(os.waitstatus_to_exitcode(status), unit, usage.ru_maxrss, file=sys.stderr)
`

const root = resolve(import.meta.dirname, "..")
const temporary = await temporaryDirectory("start-up")
try {
  const npm = (...args: string[]) =>
    execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: temporary.path,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, PATH: machinePath },
    })
  npm("pack", join(root, "packages/alchemy"), "--pack-destination", temporary.path)
  const [tarball = ""] = readdirSync(temporary.path).filter((name) => name.endsWith(".tgz"))
  npm("init", "--yes")
  npm("install", join(temporary.path, tarball))

  const bin = join(temporary.path, "node_modules/@authchemy/alchemy/dist/bin.js")
  const status = ["auth", "status", "--offline", "--json"]
  const signedIn = home("signed-in", { "auth-url": SERVER, ...signIn(1) })
  const profile = home("profile", { profiles: { work: { "auth-url": SERVER, ...signIn(2) } } })
  const lines: Record<string, { args: string[]; home: string; exit: number }> = {
    "`node -e 0`": { args: ["-e", "0"], home: signedIn, exit: 0 },
    "`alchemy --version`": { args: [bin, "--version"], home: signedIn, exit: 0 },
    "`alchemy auth status --offline --json`, signed in": { args: [bin, ...status], home: signedIn, exit: 0 },
    "the same, `--profile work` of two": {
      args: [bin, ...status, "--profile", "work"],
      home: profile,
      exit: 0,
    },
    "the same, not signed in": { args: [bin, ...status], home: home("signed-out", {}), exit: 3 },
  }
  const measured = (measure: (line: { args: string[]; home: string; exit: number }) => number) =>
    Object.fromEntries(Object.entries(lines).map(([name, line]) => [name, () => measure(line)]))

  await inTurn(3, measured(time))
  const times = await inTurn(ROUNDS, measured(time))
  const memory = await inTurn(MEMORY_ROUNDS, measured(mostMemory))
  const { packages, megabytes, keychainMegabytes } = installed(temporary.path)
  publish("start-up", [
    comparison("Start-up of the packed command, whole process", "ms", times, 1.35),
    comparison("Memory of the packed command, most at one time", "MB", memory, 1.25),
    {
      ...{ kind: "facts", title: "Size of the installed command" },
      rows: [
        { name: "packages", value: packages, unit: "", aims: [atMost(30, packages)] },
        { name: "on disk", value: megabytes, unit: "MB", aims: [atMost(12, megabytes)] },
        { name: "the keychain's library, optional", value: keychainMegabytes, unit: "MB", aims: [] },
      ],
    },
  ])
} finally {
  await temporary.remove()
}

/** A home directory with a configuration file. */
function home(name: string, content: object): string {
  const path = join(temporary.path, name)
  mkdirSync(join(path, ".config/alchemy"), { recursive: true, mode: 0o700 })
  writeFileSync(join(path, ".config/alchemy/config.json"), JSON.stringify(content), { mode: 0o600 })
  return path
}

/** A sign-in as the configuration file holds it, good for years. */
function signIn(number: number) {
  return {
    auth_token: `alchemy_at_${String(number).repeat(43)}`,
    auth_token_expires_at: "2099-01-01T00:00:00.000Z",
    auth_token_server: SERVER,
  }
}

/** Runs a command line from its beginning to its end, output to a pipe; milliseconds. */
function time(line: { args: string[]; home: string; exit: number }): number {
  const started = performance.now()
  const finished = spawnSync(process.execPath, line.args, environmentOf(line))
  const ms = performance.now() - started
  if (finished.status !== line.exit) throw new Error(`${line.args.join(" ")}: ${finished.stderr}`)
  return ms
}

/**
 * The most memory that a command line held (`ru_maxrss`), in MB. Asked of the kernel by a small process: what a child inherits of its parent
 * before it becomes another program counts as well, and Node would be more than the command itself.
 */
function mostMemory(line: { args: string[]; home: string; exit: number }): number {
  const finished = spawnSync("python3", ["-c", MEASURE, process.execPath, ...line.args], environmentOf(line))
  const [exit, unit, most] = String(finished.stderr).trim().split(" ").slice(-3).map(Number)
  if (exit !== line.exit) throw new Error(`${line.args.join(" ")}: ${finished.stderr}`)
  return ((most ?? Number.NaN) * (unit ?? Number.NaN)) / 2 ** 20
}

function environmentOf({ home }: { home: string }) {
  const env = { PATH: machinePath, HOME: home, NODE_COMPILE_CACHE_PORTABLE: "1" }
  return { env, cwd: home }
}

function comparison(
  title: string,
  unit: string,
  figures: Record<string, number[]>,
  most: number,
): Comparison {
  const [floor = []] = Object.values(figures)
  const rows = Object.entries(figures).map(([name, values], index) => ({
    ...{ name, values },
    aims: index === 0 ? [] : [atMost(most, median(values) / median(floor), "ratio")],
  }))
  return { kind: "comparison", title, unit, rows }
}

/** What npm has put into a directory, without the keychain's library. */
function installed(directory: string) {
  const listed = execFileSync("npm", ["ls", "--all", "--parseable"], { cwd: directory }).toString()
  const packages = listed
    .trim()
    .split("\n")
    .slice(1)
    .filter((path) => !path.includes(`/${KEYCHAIN}/`)).length
  const megabytes = (path: string) =>
    existsSync(join(directory, path))
      ? Number.parseInt(execFileSync("du", ["-sk", path], { cwd: directory }).toString(), 10) / 1024
      : 0
  const keychainMegabytes = megabytes(`node_modules/${KEYCHAIN}`)
  return { packages, megabytes: megabytes("node_modules") - keychainMegabytes, keychainMegabytes }
}
