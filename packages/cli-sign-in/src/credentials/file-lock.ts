import { constants, readFileSync, readlinkSync } from "node:fs"
import { link, mkdir, open, readdir, readFile, stat, unlink, utimes, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { errorCodeOf } from "../error-code.ts"
import { LockTimeoutError } from "../errors.ts"

// Why not a library: the usual one (proper-lockfile) is no longer maintained, knows no owner, and so waits out a time limit
// after its owner was killed. Here the lock names its owner, and a dead owner's lock is taken over at once.

/** A lock of another machine, or one that cannot be read, counts as abandoned when it was not refreshed for this long. */
const STALE_MS = 30_000
const REFRESH_MS = 5_000
/** A thief holds `<path>.steal` for a few system calls; one this old was left by a thief that was killed. */
const STEAL_STALE_MS = 5_000

type Owner = { id: string; pid: number; host: string; startTime: string | null; started: string }

/**
 * Runs `work` while no other process holds the lock at `path`. The lock is a file that names its owner (process id and
 * machine); it is taken over at once when that process is dead, and after 30 s without a sign of life when it belongs to
 * another machine. Not reentrant; waiters are not queued.
 *
 * @param options.waitMs milliseconds to wait at most
 * @param options.onWait called once, when the lock is found held
 * @param options.signal ends the wait; its reason is thrown
 * @throws LockTimeoutError after `waitMs`
 */
export async function withFileLock<T>(
  path: string,
  options: { waitMs: number; onWait?: () => void; signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const id = await acquire(path, options)
  const refresh = setInterval(() => {
    const time = new Date()
    utimes(path, time, time).catch(() => {})
  }, REFRESH_MS)
  refresh.unref()
  try {
    return await work()
  } finally {
    clearInterval(refresh)
    if (parseOwner(await contentOf(path).catch(() => null))?.id === id) await unlink(path).catch(() => {})
  }
}

async function acquire(
  path: string,
  options: { waitMs: number; onWait?: () => void; signal?: AbortSignal },
): Promise<string> {
  const start = performance.now()
  let waited = false
  for (;;) {
    options.signal?.throwIfAborted()
    const held = await contentOf(path)
    if (held === null) {
      const id = await tryToTake(path)
      if (id !== null) {
        await removeLeftovers(path)
        return id
      }
    } else if ((await isAbandoned(path, held)) && (await steal(path))) {
      continue
    }
    if (performance.now() - start >= options.waitMs) throw new LockTimeoutError(path, options.waitMs)
    if (!waited) options.onWait?.()
    waited = true
    await delay(25 + Math.random() * 25, undefined, options.signal ? { signal: options.signal } : {}).catch(
      (error) => {
        options.signal?.throwIfAborted()
        throw error
      },
    )
  }
}

/** Creates the lock with its content in one step, so that nobody ever reads half an owner. The lock's id, or `null` where it is held. */
async function tryToTake(path: string): Promise<string | null> {
  const owner: Owner = {
    id: crypto.randomUUID(),
    pid: process.pid,
    host: thisHost(),
    startTime: startTimeOf(process.pid),
    started: new Date().toISOString(),
  }
  const draft = `${path}.${process.pid}-${owner.id}`
  try {
    await writeFile(draft, JSON.stringify(owner), { flag: "wx", mode: 0o600 })
  } catch (error) {
    if (errorCodeOf(error) !== "ENOENT") throw error
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return tryToTake(path)
  }
  try {
    await link(draft, path)
    return owner.id
  } catch (error) {
    const code = errorCodeOf(error)
    if (code === "EEXIST" || code === "ENOENT") return null
    return await takeWithoutLink(path, owner)
  } finally {
    await unlink(draft).catch(() => {})
  }
}

/** For file systems without hard links: the content follows the creation, and whoever reads between sees an unreadable lock. */
async function takeWithoutLink(path: string, owner: Owner): Promise<string | null> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: "wx", mode: 0o600 })
    return owner.id
  } catch (error) {
    if (errorCodeOf(error) === "EEXIST") return null
    throw error
  }
}

async function isAbandoned(path: string, content: string): Promise<boolean> {
  const owner = parseOwner(content)
  if (owner !== null && owner.host === thisHost()) return !isAlive(owner)
  return isOlderThan(path, STALE_MS)
}

/**
 * Removes an abandoned lock. Two thieves must not both remove: the slower would remove the lock that somebody took after the
 * faster. So the check is made again, and the lock removed, under a second lock that only thieves take.
 */
async function steal(path: string): Promise<boolean> {
  const thieves = `${path}.steal`
  try {
    await (await open(thieves, "wx", 0o600)).close()
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error
    if (await isOlderThan(thieves, STEAL_STALE_MS)) await unlink(thieves).catch(() => {})
    return false
  }
  try {
    const content = await contentOf(path)
    if (content === null) return true
    if (!(await isAbandoned(path, content))) return false
    // Its owner may have let go of it and ended since it was read, and somebody else have taken it: what a dead owner still holds now, only thieves remove.
    if ((await contentOf(path)) !== content) return false
    await unlink(path)
    return true
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return true
    throw error
  } finally {
    await unlink(thieves).catch(() => {})
  }
}

/** Removes the drafts of processes that were killed while they took the lock. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    if (!name.startsWith(prefix)) continue
    const pid = /^(\d+)-[0-9a-f-]{36}$/.exec(name.slice(prefix.length))?.[1]
    if (pid === undefined || isRunning(Number(pid))) continue
    await unlink(join(dirname(path), name)).catch(() => {})
  }
}

async function contentOf(path: string): Promise<string | null> {
  try {
    // Without O_NONBLOCK (which Windows does not have) a pipe in the lock's place is waited for, and the process cannot even exit.
    return await readFile(path, {
      encoding: "utf8",
      flag: constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
    })
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return null
    throw error
  }
}

function parseOwner(content: string | null): Owner | null {
  try {
    const owner: Partial<Owner> | null = JSON.parse(content ?? "null")
    return typeof owner?.id === "string" && Number.isInteger(owner.pid) && typeof owner.host === "string"
      ? {
          id: owner.id,
          pid: Number(owner.pid),
          host: owner.host,
          startTime: owner.startTime ?? null,
          started: String(owner.started),
        }
      : null
  } catch {
    return null
  }
}

async function isOlderThan(path: string, milliseconds: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > milliseconds
  } catch {
    return false
  }
}

/** The machine, and on Linux the process namespace: a container on the host's network has the host's name and other processes. */
function thisHost(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`
  } catch {
    return hostname()
  }
}

/** Process ids come round again: where the system tells when a process was started, that must agree too. */
function isAlive(owner: Owner): boolean {
  if (!isRunning(owner.pid)) return false
  const startTime = startTimeOf(owner.pid)
  return startTime === null || owner.startTime === null || startTime === owner.startTime
}

function isRunning(pid: number): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return errorCodeOf(error) === "EPERM"
  }
  // A process that was killed and not yet waited for by its parent still has its id.
  return !["Z", "X"].includes(processStatus(pid)?.[0] ?? "")
}

function startTimeOf(pid: number): string | null {
  return processStatus(pid)?.[19] ?? null
}

/**
 * proc_pid_stat(5) from field 3, the state, on; field 22 is the start time in clock ticks since boot. Counted from behind the
 * command's name, which may hold anything. `null` off Linux.
 */
function processStatus(pid: number): string[] | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "latin1")
    return status.slice(status.lastIndexOf(")") + 2).split(" ")
  } catch {
    return null
  }
}
