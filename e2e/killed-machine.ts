import { createHash, randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname } from "node:path"
import { type HoldingProxy, openHoldingProxy } from "./holding-proxy.ts"
import { ada } from "./people.ts"
import { alchemyFor, createAccount, type Server, startServer, temporaryDirectory } from "./processes.ts"
import { createStandIn, type StandIn, signInAndDecide } from "./stand-in.ts"
import { freePort } from "./start-redis.ts"

/** A machine whose commands are killed, its server behind a proxy that can hold each exchange, and Ada in a browser elsewhere. */
export type KilledMachine = {
  server: Server
  proxy: HoldingProxy
  alchemy: ReturnType<typeof alchemyFor>
  browser: StandIn
  /** A sign-in by another machine, with its session's id. */
  issue(): Promise<Issued>
  /** The ids of the sessions that the server honours, but for the one that is used to ask. */
  sessions(): Promise<string[]>
  /** The session of a token, where the server honours it. */
  sessionOf(token: string): Promise<string | null>
  /** Ends what a revocation handle stands for. */
  endBy(handle: string): Promise<void>
  /** What is in the config file; `null`: there is none. Throws where it is not JSON. */
  config(): Record<string, unknown> | null
  /** The files beside the config file. */
  leftovers(): string[]
  /** Ends every session, and leaves the machine with nothing. */
  reset(): Promise<void>
  /** Writes the config file. */
  write(config: Record<string, unknown>): void
  remove(): Promise<void>
}

export type Issued = { token: string; sessionId: string; expiresAt: string; account: object }

/** A new machine with a server of its own. */
export async function createKilledMachine(name: string): Promise<KilledMachine> {
  const directory = await temporaryDirectory(name)
  const port = await freePort()
  const proxy = await openHoldingProxy({ port })
  const url = `http://localhost:${proxy.port}`
  const dataDirectory = `${directory.path}/server`
  const server = await startServer({ dataDirectory, port, env: { AUTHCHEMY_URL: url } })
  await createAccount(server, ada)
  const home = `${directory.path}/home`
  const alchemy = alchemyFor({ home, authUrl: url, env: { ALCHEMY_CONFIG: `${home}/config.json` } })
  const { configPath } = alchemy

  const call = async (path: string, init: RequestInit = {}, token?: string) => {
    const headers = { ...init.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    // Past the proxy: what is asked here is not to be held.
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })
    return { status: response.status, body: (await response.json().catch(() => null)) as never }
  }
  const jsonBody = (body: object) => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })

  // A browser whose listener is this test itself.
  let code = ""
  const answersItself = createStandIn({
    fetch: async (target, init) => {
      const wanted = new URL(String(target))
      if (wanted.pathname !== "/callback") return fetch(target, init)
      code = wanted.searchParams.get("code") ?? ""
      return new Response("")
    },
  })
  const issue = async (): Promise<Issued> => {
    const verifier = randomBytes(32).toString("base64url")
    const redirectUri = "http://127.0.0.1:9/callback"
    const query = new URLSearchParams({
      redirectUrl: redirectUri,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      state: "state",
    })
    await signInAndDecide(ada, `${url}/login?${query}`, "Approve", answersItself)
    const { status, body } = await call(
      "/api/cli/token",
      jsonBody({ code, redirect_uri: redirectUri, code_verifier: verifier }),
    )
    if (status !== 200) throw new Error(`no token: ${status}`)
    const { authToken, sessionId, expiresAt, account } = body as Issued & { authToken: string }
    return { token: authToken, sessionId, expiresAt, account }
  }
  const watching = await issue()

  return {
    server,
    proxy,
    alchemy,
    browser: createStandIn(),
    issue,
    sessions: async () => {
      const { body } = await call("/v1/sessions", {}, watching.token)
      const { sessions } = (body as { data: { sessions: { id: string; current: boolean }[] } }).data
      return sessions.filter(({ current }) => !current).map(({ id }) => id)
    },
    sessionOf: async (token) => {
      const { status, body } = await call("/v1/me", {}, token)
      if (status !== 200) return null
      return (body as { data: { credential: { session: { id: string } } } }).data.credential.session.id
    },
    endBy: async (handle) => {
      await call("/api/cli/logout", jsonBody({ revocation_handle: handle }))
    },
    config: () => (existsSync(configPath) ? JSON.parse(readFileSync(configPath, "utf8")) : null),
    leftovers: () => {
      const folder = dirname(configPath)
      return existsSync(folder) ? readdirSync(folder).filter((file) => file !== basename(configPath)) : []
    },
    reset: async () => {
      endRunningApart(configPath)
      proxy.holdNothing()
      await call("/v1/sessions?others=true", { method: "DELETE" }, watching.token)
      rmSync(dirname(configPath), { recursive: true, force: true })
    },
    write: (config) => {
      mkdirSync(dirname(configPath), { recursive: true, mode: 0o700 })
      writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 })
    },
    remove: async () => {
      endRunningApart(configPath)
      await proxy.close()
      await server.stop()
      await directory.remove()
    },
  }
}

/** Ends the deliveries that commands of this machine have left running apart. */
function endRunningApart(configPath: string) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
      if (variables.includes(`ALCHEMY_CONFIG=${configPath}`)) process.kill(Number(pid), "SIGKILL")
    } catch {
      // It has ended meanwhile, or is not ours.
    }
  }
}

/** The config file of a machine that holds a sign-in. */
export const holding = (server: { url: string }, { token, expiresAt, account }: Issued) => ({
  auth_token: token,
  auth_token_expires_at: expiresAt,
  auth_token_server: server.url,
  auth_token_account: account,
})

/** What a config file says has still to reach a server. */
export function listedIn(config: Record<string, unknown> | null) {
  const pending = (config?.pending_revocations ?? []) as { handle: string }[]
  const unfinished = (config?.unfinished_sign_ins ?? []) as { kind: string; lost?: true }[]
  return { handles: pending.map(({ handle }) => handle), unfinished }
}
