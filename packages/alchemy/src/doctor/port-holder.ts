import { readdir, readFile, readlink } from "node:fs/promises"
import { basename, join } from "node:path"

/** The process that listens on a port. */
export type PortHolder = { pid: number; name: string }

/** In the `st` column of proc_net(5). */
const LISTENING = "0A"

/**
 * Who listens on a TCP port, as far as `/proc` tells: only of processes of one's own, unless one is root. Linux only.
 * @param proc where `/proc` is
 */
export async function portHolder(port: number, proc = "/proc"): Promise<PortHolder | null> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => textOf(join(proc, "net", name))))
  const sockets = new Set(
    tables.flatMap((table) => listeningInodes(table, port)).map((id) => `socket:[${id}]`),
  )
  if (sockets.size === 0) return null
  const names = await readdir(proc).catch(() => [])
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const directory = join(proc, pid, "fd")
    for (const descriptor of await readdir(directory).catch(() => [])) {
      const leadsTo = await readlink(join(directory, descriptor)).catch(() => "")
      if (sockets.has(leadsTo)) {
        return { pid: Number(pid), name: await programOf(join(proc, pid)) }
      }
    }
  }
  return null
}

/** The inodes of the sockets that listen on a port, from a table of the form of `/proc/net/tcp`. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/)
    return state === LISTENING && local.endsWith(`:${wanted}`) && inode !== undefined ? [inode] : []
  })
}

/** The program's file alone: its arguments may hold secrets. */
async function programOf(process: string): Promise<string> {
  const [program = ""] = (await textOf(join(process, "cmdline"))).split("\0")
  return basename(program) || (await textOf(join(process, "comm"))).trim()
}

function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "")
}
