import { isUtf8 } from "node:buffer"
import { lstat, mkdir, open, readdir, readlink, rename, unlink } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { errorCodeOf } from "../error-code.ts"
import { withFileLock } from "./file-lock.ts"

/** A JSON object in a file: written whole to a neighbour and renamed, under a lock, 0600, unknown keys kept; an unparsable file is put aside, never overwritten. */
export interface JsonFile {
  readonly path: string
  /**
   * `{}` where there is no file, or an empty one. Unparsable: put aside as `<path>.broken-<time>`, `onWarning` told, `{}`
   * returned. Mends the mode to 0600. Takes no lock unless something has to be put aside.
   */
  read(): Promise<Record<string, unknown>>
  /**
   * Read, change, write, under the lock `<path>.lock`. `change` mutates the object. Nothing is written where it changed
   * nothing. @throws LockTimeoutError where another process holds the lock for more than ten seconds
   */
  update(change: (content: Record<string, unknown>) => void): Promise<void>
}

const LOCK_WAIT_MS = 10_000

/**
 * Opens a JSON file; nothing is touched before the first call. The directory is created 0700. Where `path` is a symbolic
 * link, the file that it points to is written, so that a link into a folder of dotfiles survives.
 *
 * @param options.onWarning is told one sentence where a file was put aside
 * @param options.now milliseconds since the epoch, for the name of a file put aside
 */
export function openJsonFile(options: {
  path: string
  onWarning: (warning: string) => void
  now?: () => number
}): JsonFile {
  const { path, onWarning, now = Date.now } = options

  const locked = <T>(file: string, work: () => Promise<T>) =>
    withFileLock(`${file}.lock`, { waitMs: LOCK_WAIT_MS }, work)

  /** To be called under the lock: what is there now, after anything broken is out of the way. */
  const readOrPutAside = async (file: string): Promise<Record<string, unknown>> => {
    const content = await readObject(file)
    if (content !== "broken") return content
    const aside = await putAside(file, now())
    onWarning(`${path} did not hold a JSON object. It was put aside as ${aside} and a new one begun.`)
    return {}
  }

  return {
    path,

    read: async () => {
      const file = await followLinks(path)
      const content = await readObject(file)
      return content === "broken" ? locked(file, () => readOrPutAside(file)) : content
    },

    update: async (change) => {
      const file = await followLinks(path)
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await locked(file, async () => {
        await removeLeftovers(file)
        const content = await readOrPutAside(file)
        const before = serialize(content)
        change(content)
        const after = serialize(content)
        if (after !== before) await replace(file, after)
      })
    },
  }
}

const serialize = (content: Record<string, unknown>) => `${JSON.stringify(content, null, 2)}\n`

/** The file at the end of a chain of symbolic links, whether it is there or not. */
async function followLinks(path: string): Promise<string> {
  let file = resolve(path)
  for (let hops = 0; hops < 40; hops++) {
    try {
      file = resolve(dirname(file), await readlink(file))
    } catch {
      return file
    }
  }
  throw new Error(`${path} is a symbolic link that leads in a circle.`)
}

async function readObject(file: string): Promise<Record<string, unknown> | "broken"> {
  let bytes: Buffer
  try {
    const handle = await open(file, "r")
    try {
      const { mode } = await handle.stat()
      if (process.platform !== "win32" && (mode & 0o077) !== 0) await handle.chmod(0o600)
      bytes = await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return {}
    throw error
  }
  try {
    // A text decoded with replacement characters would be written back damaged.
    if (!isUtf8(bytes)) return "broken"
    const text = bytes.toString("utf8").replace(/^\uFEFF/, "")
    if (text.trim() === "") return {}
    const content: unknown = JSON.parse(text)
    return isObject(content) ? content : "broken"
  } catch {
    return "broken"
  }
}

function isObject(content: unknown): content is Record<string, unknown> {
  return typeof content === "object" && content !== null && !Array.isArray(content)
}

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

async function replace(file: string, text: string): Promise<void> {
  const neighbour = `${file}.tmp-${process.pid}-${crypto.randomUUID().slice(0, 8)}`
  try {
    const handle = await open(neighbour, "wx", 0o600)
    try {
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
