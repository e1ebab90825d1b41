import { lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { withFileLock } from "./file-lock.ts"
import { makePrivate as makePrivateOnWindows } from "./windows-acl.ts"

const LOCK_WAIT_MS = 10_000

/** The writing half of a `JsonFile`; `file` is the file itself, after any symbolic link. */
export type Writer = {
  /** Puts aside what cannot be parsed, under the lock, where that is still so; returns what is there then. */
  mend(file: string): Promise<Record<string, unknown>>
  /** Read, change, write, under the lock. */
  update(file: string, change: (content: Record<string, unknown>) => void): Promise<void>
}

export function createWriter(options: {
  path: string
  onWarning: (warning: string) => void
  now: () => number
  readObject: (file: string) => Record<string, unknown> | "broken"
  /** Leaves a new and empty file to its user where its mode does not; whether that could be done. */
  makePrivate?: (file: string) => Promise<boolean>
}): Writer {
  const { path, onWarning, now, readObject, makePrivate = makePrivateOnWindows } = options
  let exposed = false

  const locked = <T>(file: string, work: () => Promise<T>) =>
    withFileLock(`${file}.lock`, { waitMs: LOCK_WAIT_MS }, work)

  const readOrPutAside = async (file: string): Promise<Record<string, unknown>> => {
    const content = readObject(file)
    if (content !== "broken") return content
    const aside = await putAside(file, now())
    onWarning(`${path} did not hold a JSON object. It was put aside as ${aside} and a new one begun.`)
    return {}
  }

  const prepare = async (created: string) => {
    if (exposed || (await makePrivate(created))) return
    exposed = true
    onWarning(`${path} may be read by other people: its rights could not be set with icacls.`)
  }

  return {
    mend: (file) => locked(file, () => readOrPutAside(file)),

    update: async (file, change) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await locked(file, async () => {
        await removeLeftovers(file)
        const content = await readOrPutAside(file)
        const before = serialize(content)
        change(content)
        const after = serialize(content)
        if (after !== before) await replace(file, after, prepare)
      })
    },
  }
}

const serialize = (content: Record<string, unknown>) => `${JSON.stringify(content, null, 2)}\n`

async function putAside(file: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replaceAll(":", "-")
  for (let count = 0; ; count++) {
    const aside = `${file}.broken-${stamp}${count === 0 ? "" : `-${count}`}`
    const taken = await lstat(aside).then(
      () => true,
      () => false,
    )
    if (taken) continue
    await rename(file, aside)
    return aside
  }
}

async function replace(
  file: string,
  text: string,
  prepare: (created: string) => Promise<void>,
): Promise<void> {
  const neighbour = `${file}.tmp-${process.pid}-${crypto.randomUUID().slice(0, 8)}`
  try {
    const handle = await open(neighbour, "wx", 0o600)
    try {
      await prepare(neighbour)
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(neighbour, file)
  } catch (error) {
    await unlink(neighbour).catch(() => {})
    throw error
  }
  await syncDirectory(dirname(file))
}

/** Makes the rename itself durable. Not every system can open a directory; there the rename is atomic all the same. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r")
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    return
  }
}

/**
 * Removes what killed writers left: they hold secrets. To be called under the lock, under which every neighbour is written,
 * so whichever is there has been abandoned. A writer that lost its lock finds its neighbour gone and writes nothing.
 */
async function removeLeftovers(file: string): Promise<void> {
  const prefix = `${basename(file)}.tmp-`
  for (const name of await readdir(dirname(file))) {
    if (name.startsWith(prefix)) await unlink(join(dirname(file), name)).catch(() => {})
  }
}
