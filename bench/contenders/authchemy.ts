import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ALCHEMY_CLIENT_ID, OAUTH_PATHS, type Scope } from "@authchemy/protocol"
import { createTokenService, digestOf, openStore, type TokenService } from "@authchemy/tokens"
import { createAccount, run } from "../../e2e/processes.ts"
import { type QuietServer, startQuietServer } from "../quiet-server.ts"

/** The public client that tokens are issued to. */
export const CLIENT_ID = ALCHEMY_CLIENT_ID
/** The resource server that asks about them. */
export const API_CLIENT = { id: "bench-api", secret: "a-secret-of-the-bench-and-of-nothing-else" }
/** What sessions may do; with the last one they have a refresh token. */
export const SCOPES: readonly Scope[] = ["account:read", "apps:read"]
export const REFRESHED_SCOPES: readonly Scope[] = [...SCOPES, "offline_access"]

/** A running `authchemy` with one account, and an engine of the bench's own on its store. */
export type Authchemy = {
  server: QuietServer
  engine: TokenService
  accountId: string
  introspectUrl: string
  tokenUrl: string
  /** A new session's access token. */
  accessToken(): Promise<string>
  stop(): Promise<void>
}

const person = { email: "ada@example.com", password: "correct horse battery", name: "Ada" }

/**
 * Starts `authchemy` on SQLite, or on Redis where there is a URL.
 * @param env more settings of the server
 */
export async function startAuthchemy(
  dataDirectory: string,
  redisUrl: string | null,
  env: Record<string, string> = {},
): Promise<Authchemy> {
  mkdirSync(dataDirectory, { recursive: true })
  const clientsFile = join(dataDirectory, "clients.json")
  const { id, secret } = API_CLIENT
  const api = { id, name: "Bench API", resourceServer: true, secretDigest: digestOf(secret) }
  writeFileSync(clientsFile, JSON.stringify({ clients: [api] }))
  const server = await startQuietServer(dataDirectory, {
    AUTHCHEMY_CLIENTS_FILE: clientsFile,
    ...(redisUrl === null ? {} : { AUTHCHEMY_REDIS_URL: redisUrl }),
    ...env,
  })
  await createAccount(server, person)
  const bin = join(import.meta.dirname, "../../bin/authchemy")
  const { stdout } = await run(bin, ["accounts", "list"], { env: server.env }).finished
  const [accountId = ""] = stdout.split("\t")
  const store = await openStore({ sqlitePath: join(dataDirectory, "authchemy.db"), redisUrl })
  const engine = createTokenService({ store })

  return {
    ...{ server, engine, accountId },
    introspectUrl: server.url + OAUTH_PATHS.introspect,
    tokenUrl: server.url + OAUTH_PATHS.token,
    accessToken: async () => {
      const grant = { accountId, clientId: CLIENT_ID, scopes: SCOPES, device: {} }
      return (await engine.createSession({ ...grant, expiresInSeconds: 86_400 })).token
    },
    stop: async () => {
      await engine.close()
      await server.stop()
    },
  }
}
