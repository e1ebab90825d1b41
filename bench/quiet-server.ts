import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { join, resolve } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { freePort } from "../e2e/start-redis.ts"

/** A server whose log goes to a file, so that whoever measures it does not have to read it. */
export type QuietServer = {
  url: string
  dataDirectory: string
  env: Record<string, string>
  stop: () => Promise<void>
}

/** Starts `authchemy` on a free loopback port and resolves when it is ready. */
export async function startQuietServer(
  dataDirectory: string,
  env: Record<string, string> = {},
): Promise<QuietServer> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const all = { AUTHCHEMY_PORT: String(port), AUTHCHEMY_DATA_DIR: dataDirectory, ...env }
  mkdirSync(dataDirectory, { recursive: true })
  const log = openSync(join(dataDirectory, "log"), "w")
  const child = spawn(resolve(import.meta.dirname, "../bin/authchemy"), {
    env: { PATH: process.env.PATH ?? "", ...all },
    stdio: ["ignore", log, "inherit"],
  })
  closeSync(log)
  const exited = once(child, "exit")
  for (let asked = 0; ; asked++) {
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (answer?.status === 200) break
    if (asked > 200 || child.exitCode !== null) throw new Error("the server does not get ready")
    await delay(50)
  }
  return {
    url,
    dataDirectory,
    env: all,
    stop: async () => {
      child.kill()
      await exited
    },
  }
}
