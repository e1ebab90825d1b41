import { readdir, readFile, realpath, stat } from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"
import { configPath, pathForPeople } from "../../config/path.ts"
import { codeIn } from "../../network/network-failure.ts"
import { type Check, type Fault, findingOf } from "../check.ts"
import type { Patient } from "../patient.ts"

/** A neighbour that is older than this belongs to nobody who still writes, in milliseconds. */
const OLD_MS = 60_000
/** How long a lock that is held after all is waited for, in milliseconds. */
const LOCK_WAIT_MS = 300
const LOCKS = ["lock", "sign-in.lock", "deliver.lock"]

type Left = {
  /** Half-written neighbours, which hold what the file holds. */
  drafts: string[]
  /** Locks whose process is gone. */
  locks: string[]
  /** Files put aside because they could not be parsed. */
  broken: string[]
}

/** What killed processes left beside the config file, and what was put aside. */
export const configLeftovers: Check = {
  id: "config-leftovers",
  title: "leftovers",
  look: async (patient) => {
    const { context } = patient
    const path = configPath(context)
    const file = await realpath(path).catch(() => path)
    const { drafts, locks, broken } = await leftBeside(path, file, context.now())
    const mend = "`alchemy auth doctor --fix` removes them."
    const faults: Fault[] = []
    if (drafts.length > 0) {
      const found = `${counted(drafts.length, "half-written file")} of a process that was killed; such a file can hold a token`
      faults.push({ verdict: "problem", found, todo: mend })
    }
    if (locks.length > 0) {
      const found = `${counted(locks.length, "lock")} of a process that is gone (${locks.map((lock) => basename(lock)).join(", ")})`
      faults.push({ verdict: "note", found, todo: drafts.length > 0 ? undefined : mend })
    }
    if (broken.length > 0) {
      const found = `${counted(broken.length, "file")} put aside (${broken.join(", ")})`
      const todo = "Take from it what you need, then remove it: it may hold a token."
      faults.push({ verdict: "note", found, todo })
    }
    const directory = pathForPeople(dirname(file), context.homeDirectory)
    const finding = findingOf(
      `half-written files, locks and files put aside in ${directory}`,
      "nothing",
      faults,
    )
    if (drafts.length + locks.length === 0) return finding
    return { ...finding, fix: () => remove({ drafts, locks, broken }, patient) }
  },
}

async function leftBeside(path: string, file: string, now: number): Promise<Left> {
  const left: Left = { drafts: [], locks: [], broken: [] }
  const own = basename(file)
  for (const name of await namesIn(dirname(file))) {
    const [, pid] = /^\.tmp-(\d+)-[0-9a-f]+$/.exec(after(name, own)) ?? []
    if (pid !== undefined && (!isRunning(Number(pid)) || (await isOld(join(dirname(file), name), now)))) {
      left.drafts.push(name)
    }
    if (after(name, own).startsWith(".broken-")) left.broken.push(name)
  }
  const locks = new Set([`${file}.lock`, ...LOCKS.slice(1).map((lock) => `${path}.${lock}`)])
  for (const lock of locks) if (await isDead(lock)) left.locks.push(lock)
  return left
}

const after = (name: string, own: string) => (name.startsWith(own) ? name.slice(own.length) : "")

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => [])
}

/** Whether a lock names a process of this machine that is gone, or a process was killed while it took it. */
async function isDead(lock: string): Promise<boolean> {
  const owner = ownerIn(await readFile(lock, "utf8").catch(() => ""))
  if (owner !== null) return owner.host.split(" ")[0] === hostname() && !isRunning(owner.pid)
  const prefix = `${basename(lock)}.`
  return (await namesIn(dirname(lock))).some((name) => {
    const pid = /^(\d+)-[0-9a-f-]{36}$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "")?.[1]
    return pid !== undefined && !isRunning(Number(pid))
  })
}

function ownerIn(text: string): { pid: number; host: string } | null {
  try {
    const owner: { pid?: unknown; host?: unknown } | null = JSON.parse(text)
    return typeof owner?.pid === "number" && typeof owner.host === "string"
      ? { pid: owner.pid, host: owner.host }
      : null
  } catch {
    return null
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeIn(error) === "EPERM"
  }
}

async function isOld(path: string, now: number): Promise<boolean> {
  const status = await stat(path).catch(() => null)
  return status !== null && now - status.mtimeMs > OLD_MS
}

/** As whoever takes the lock next would: taking over a dead lock and giving it back removes it, and what lies beside it. */
async function remove({ drafts, locks }: Left, { context }: Patient): Promise<string> {
  const { LockTimeoutError, withFileLock } = await import("@authchemy/cli-sign-in")
  for (const lock of locks) {
    try {
      await withFileLock(lock, { waitMs: LOCK_WAIT_MS, signal: context.signal }, async () => {})
    } catch (error) {
      if (!(error instanceof LockTimeoutError)) throw error
    }
  }
  // Whoever writes removes half-written neighbours first, under the lock; nothing is changed.
  if (drafts.length > 0) await (await context.config()).json.update(() => {})
  return [
    drafts.length > 0 ? `${counted(drafts.length, "half-written file")} removed` : "",
    locks.length > 0 ? `${counted(locks.length, "lock")} removed` : "",
  ]
    .filter(Boolean)
    .join(", ")
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`
}
