import { join } from "node:path"
import { inject } from "vitest"
import {
  alchemyFor,
  createAccount,
  type Finished,
  type Server,
  startServer,
  temporaryDirectory,
} from "./processes.ts"
import { type Page, signInAndDecide } from "./stand-in.ts"

export const ada = { email: "ada@example.com", password: "correct horse battery", name: "Ada Lovelace" }

/** A server with Ada's account, and Ada's machine. */
export type World = {
  server: Server
  alchemy: ReturnType<typeof alchemyFor>
  home: string
  remove: () => Promise<void>
}

/** The environment of a server on the run's Redis, in a database of its own. */
export const onRedis = (database: number) => ({ AUTHCHEMY_REDIS_URL: `${inject("redisUrl")}/${database}` })

/** Starts a server in a fresh directory, creates Ada's account, and gives her a machine with nothing on it. */
export async function createWorld(name: string, env: Record<string, string> = {}): Promise<World> {
  const directory = await temporaryDirectory(name)
  const server = await startServer({ dataDirectory: join(directory.path, "server"), env })
  await createAccount(server, ada)
  const world: World = {
    server,
    home: directory.path,
    alchemy: alchemyFor({ home: directory.path, authUrl: server.url }),
    remove: async () => {
      await world.server.stop()
      await directory.remove()
    },
  }
  return world
}

/** `alchemy auth login` with the stand-in as the person. */
export async function signIn(
  world: World,
  options: { decision?: "Approve" | "Deny"; flags?: string[] } = {},
): Promise<{ finished: Finished; page: Page; url: string }> {
  const flags = options.flags ?? ["--port", "0"]
  const login = world.alchemy.start("auth", "login", "--no-browser", ...flags)
  const url = await urlShownBy(login)
  const page = await signInAndDecide(ada, url, options.decision)
  return { finished: await login.finished, page, url }
}

/** The URL that a running `alchemy auth login` shows. */
export async function urlShownBy(login: ReturnType<ReturnType<typeof alchemyFor>["start"]>): Promise<string> {
  const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
  return url
}

/** The token on a world's machine, as a script gets it. */
export const tokenOf = async (world: World) => (await world.alchemy.run("auth", "token")).stdout.trim()

/** What the server answers to a call with a token. */
export async function statusWith(server: { url: string }, token: string): Promise<number> {
  const response = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  await response.body?.cancel()
  return response.status
}
