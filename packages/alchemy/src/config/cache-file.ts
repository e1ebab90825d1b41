import { constants } from "node:fs"
import { mkdir, open, rename, unlink } from "node:fs/promises"
import { dirname } from "node:path"

/** Far more than is ever kept, in bytes. */
const MOST_BYTES = 256 * 1024

/** The JSON in a file that may be lost at any time; `null` where there is none that can be used. Never throws. */
export async function readCache(path: string): Promise<unknown> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const status = await handle.stat()
      if (!status.isFile() || status.size > MOST_BYTES) return null
      return JSON.parse(await handle.readFile("utf8"))
    } finally {
      await handle.close()
    }
  } catch {
    return null
  }
}

/** Writes JSON whole to a neighbour (0600) and renames it. Where that cannot be done, it is as if nothing had been kept. */
export async function writeCache(path: string, content: unknown): Promise<void> {
  const neighbour = `${path}.tmp-${process.pid}-${crypto.randomUUID().slice(0, 8)}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const handle = await open(neighbour, "wx", 0o600)
    try {
      await handle.writeFile(JSON.stringify(content))
    } finally {
      await handle.close()
    }
    await rename(neighbour, path)
  } catch {
    await unlink(neighbour).catch(() => {})
  }
}

/** Where the completions keep the ids that a server has listed, beside the configuration. */
export function completionCacheOf(configPath: string): string {
  return `${configPath}.completions`
}

/** Removes what was kept. */
export async function removeCache(path: string): Promise<void> {
  await unlink(path).catch(() => {})
}
