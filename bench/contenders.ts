// The servers that `oauth.ts` compares, with the same questions to each.
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ALCHEMY_CLIENT_ID, OAUTH_PATHS, type Scope } from "@authchemy/protocol"
import { createTokenService, digestOf, openStore } from "@authchemy/tokens"
import { createAccount, run } from "../e2e/processes.ts"
import { CONNECTIONS, FORM, postOnce } from "./load.ts"
import { startQuietServer } from "./quiet-server.ts"

/** A server that is asked about tokens, and for tokens. */
export type Contender = {
  introspectUrl: string
  tokenUrl: string
  /** A live access token. */
  accessToken(): Promise<string>
  /** As many refresh tokens as there are connections, each of a session of its own. */
  refreshTokens(): Promise<string[]>
  /** Device codes that nobody has decided on. */
  deviceCodes(count: number): Promise<string[]>
  /** Whether a device that polls before its interval is over is told so. */
  keepsPace: boolean
  stop(): Promise<void>
}

/** The public client that tokens are issued to. */
export const CLIENT_ID = ALCHEMY_CLIENT_ID
/** The resource server that asks about them. */
export const API_CLIENT = { id: "bench-api", secret: "a-secret-of-the-bench-and-of-nothing-else" }

const SCOPES: readonly Scope[] = ["account:read", "apps:read"]
const REFRESHED_SCOPES: readonly Scope[] = [...SCOPES, "offline_access"]
const person = { email: "ada@example.com", password: "correct horse battery", name: "Ada" }

/** Starts `authchemy` on SQLite, or on Redis where there is a URL. Tokens are made by the engine on its store. */
export async function startAuthchemy(
  dataDirectory: string,
  redisUrl: string | null,
  env: Record<string, string> = {},
): Promise<Contender> {
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
  const bin = join(import.meta.dirname, "../bin/authchemy")
  const { stdout } = await run(bin, ["accounts", "list"], { env: server.env }).finished
  const [accountId = ""] = stdout.split("\t")
  const store = await openStore({ sqlitePath: join(dataDirectory, "authchemy.db"), redisUrl })
  const engine = createTokenService({ store })
  const grant = { accountId, clientId: CLIENT_ID, device: {}, expiresInSeconds: 86_400 }

  return {
    introspectUrl: server.url + OAUTH_PATHS.introspect,
    tokenUrl: server.url + OAUTH_PATHS.token,
    accessToken: async () => (await engine.createSession({ ...grant, scopes: SCOPES })).token,
    refreshTokens: () =>
      times(CONNECTIONS, async () => {
        const { refreshToken } = await engine.createSession({ ...grant, scopes: REFRESHED_SCOPES })
        if (refreshToken === null) throw new Error("no refresh token")
        return refreshToken
      }),
    deviceCodes: (count) =>
      times(count, async () => {
        const from = { clientId: CLIENT_ID, device: {}, address: "127.0.0.1", codeChallenge: null }
        return (await engine.requestDevice({ ...from, scopes: SCOPES })).deviceCode
      }),
    keepsPace: true,
    stop: async () => {
      await engine.close()
      await server.stop()
    },
  }
}

/** Starts `oidc-provider` with its in-memory adapter, or with one for Redis where there is a URL. */
export async function startOidcProvider(redisUrl: string | null): Promise<Contender> {
  const running = run(process.execPath, [join(import.meta.dirname, "oidc-provider-server.ts")], {
    env: {
      NODE_ENV: "production",
      CLIENT_ID,
      API_CLIENT_ID: API_CLIENT.id,
      API_CLIENT_SECRET: API_CLIENT.secret,
      SCOPE: REFRESHED_SCOPES.join(" "),
      ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    },
  })
  const [, port] = await running.shows(/port (\d+)/)
  const url = `http://127.0.0.1:${port}`
  const seed = async () =>
    JSON.parse(await postOnce(`${url}/seed`, FORM, "")) as { accessToken: string; refreshTokens: string[] }
  const deviceRequest = new URLSearchParams({ client_id: CLIENT_ID, scope: SCOPES.join(" ") }).toString()

  return {
    introspectUrl: `${url}/token/introspection`,
    tokenUrl: `${url}/token`,
    accessToken: async () => (await seed()).accessToken,
    refreshTokens: async () => (await seed()).refreshTokens,
    deviceCodes: (count) =>
      times(count, async () => {
        const answer = await postOnce(`${url}/device/auth`, FORM, deviceRequest)
        return (JSON.parse(answer) as { device_code: string }).device_code
      }),
    keepsPace: false,
    stop: async () => {
      running.child.kill()
      await running.finished
    },
  }
}

async function times<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = []
  while (made.length < count) {
    made.push(...(await Promise.all(Array.from({ length: Math.min(100, count - made.length) }, make))))
  }
  return made
}
