// The servers of others, each a process that prints its port and answers `POST /seed` with what it has issued.
import { join } from "node:path"
import { run } from "../../e2e/processes.ts"
import { FORM, postOnce } from "../load.ts"
import { API_CLIENT, CLIENT_ID, REFRESHED_SCOPES } from "./authchemy.ts"

/** Somebody else's server. */
export type Peer = {
  url: string
  /** What `POST /seed` answers: an access token, and refresh tokens where it has any. */
  seed(): Promise<{ accessToken: string; refreshTokens?: string[] }>
  stop(): Promise<void>
}

/** `oidc-provider` with its in-memory adapter, or with one for Redis where there is a URL. */
export const startOidcProvider = (redisUrl: string | null) =>
  startPeer("oidc-provider-server.ts", {
    CLIENT_ID,
    API_CLIENT_ID: API_CLIENT.id,
    API_CLIENT_SECRET: API_CLIENT.secret,
    SCOPE: REFRESHED_SCOPES.join(" "),
    ...redisOf(redisUrl),
  })

/** Better Auth on SQLite in memory, with Redis as its secondary storage where there is a URL. */
export const startBetterAuth = (redisUrl: string | null) =>
  startPeer("better-auth-server.ts", redisOf(redisUrl))

/** `@node-oauth/oauth2-server` on bare `node:http`, its tokens in Redis. */
export const startOauth2Server = (redisUrl: string) => startPeer("oauth2-server-server.ts", redisOf(redisUrl))

const redisOf = (redisUrl: string | null): Record<string, string> =>
  redisUrl === null ? {} : { REDIS_URL: redisUrl }

async function startPeer(file: string, env: Record<string, string>): Promise<Peer> {
  const running = run(process.execPath, [join(import.meta.dirname, file)], {
    env: { NODE_ENV: "production", ...env },
  })
  const [, port] = await running.shows(/port (\d+)/)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    seed: async () => JSON.parse(await postOnce(`${url}/seed`, FORM, "")),
    stop: async () => {
      running.child.kill()
      await running.finished
    },
  }
}
