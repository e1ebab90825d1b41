import { isUtf8 } from "node:buffer"
import { closeSync, constants, fchmodSync, fstatSync, openSync, readFileSync, readlinkSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { errorCodeOf } from "../error-code.ts"

/** A JSON object in a file: written whole to a neighbour and renamed, under a lock, 0600, unknown keys kept; an unparsable file is put aside, never overwritten. */
export interface JsonFile {
  readonly path: string
  /**
   * `{}` where there is no file, or an empty one. Unparsable: put aside as `<path>.broken-<time>`, `onWarning` told, `{}`
   * returned. Mends the mode to 0600; where that is not permitted, the file is read as it is and `onWarning` told once. Takes no
   * lock unless something has to be put aside.
   */
  read(): Promise<Record<string, unknown>>
  /**
   * Read, change, write, under the lock `<path>.lock`. `change` mutates the object. Nothing is written where it changed
   * nothing. @throws LockTimeoutError where another process holds the lock for more than ten seconds
   */
  update(change: (content: Record<string, unknown>) => void): Promise<void>
}

/** Far more than any configuration; what is larger is no file of ours. */
const MOST_BYTES = 1024 * 1024

/**
 * Opens a JSON file; nothing is touched before the first call. The directory is created 0700. Where `path` is a symbolic
 * link, the file that it points to is written, so that a link into a folder of dotfiles survives.
 *
 * @param options.onWarning is told one sentence where a file was put aside, or others can read it and that cannot be mended
 * @param options.now milliseconds since the epoch, for the name of a file put aside
 */
export function openJsonFile(options: {
  path: string
  onWarning: (warning: string) => void
  now?: () => number
}): JsonFile {
  const { path, onWarning, now = Date.now } = options
  let told = false
  const read = (file: string) =>
    readObject(file, () => {
      if (!told) onWarning(`${path} can be read by other people, and its mode cannot be changed.`)
      told = true
    })
  // Most commands only read: what writes is loaded when it is needed.
  const writer = async () =>
    (await import("./json-file-writer.ts")).createWriter({ path, onWarning, now, readObject: read })

  return {
    path,

    read: async () => {
      const file = followLinks(path)
      const content = read(file)
      return content === "broken" ? (await writer()).mend(file) : content
    },

    update: async (change) => (await writer()).update(followLinks(path), change),
  }
}

/** The file at the end of a chain of symbolic links, whether it is there or not. */
function followLinks(path: string): string {
  let file = resolve(path)
  for (let hops = 0; hops < 40; hops++) {
    try {
      file = resolve(dirname(file), readlinkSync(file))
    } catch {
      return file
    }
  }
  throw new Error(`${path} is a symbolic link that leads in a circle.`)
}

/**
 * The object in a file, `{}` where there is none. Read in one go: it is small, and a command waits for nothing else. A pipe or a
 * device in its place, which might never end, is refused.
 */
function readObject(file: string, onExposed: () => void): Record<string, unknown> | "broken" {
  let bytes: Buffer
  try {
    const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const status = fstatSync(descriptor)
      if (!status.isFile()) throw new Error(`${file} is not a file`)
      if (status.size > MOST_BYTES) throw new Error(`${file} has more than ${MOST_BYTES} bytes`)
      if (process.platform !== "win32" && (status.mode & 0o077) !== 0 && !madePrivate(descriptor)) onExposed()
      bytes = readFileSync(descriptor)
    } finally {
      closeSync(descriptor)
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

/** Whether the mode could be set to 0600: not of somebody else's file, nor on a read-only file system. */
function madePrivate(descriptor: number): boolean {
  try {
    fchmodSync(descriptor, 0o600)
    return true
  } catch (error) {
    if (["EPERM", "EROFS", "ENOTSUP"].includes(errorCodeOf(error) ?? "")) return false
    throw error
  }
}

function isObject(content: unknown): content is Record<string, unknown> {
  return typeof content === "object" && content !== null && !Array.isArray(content)
}
