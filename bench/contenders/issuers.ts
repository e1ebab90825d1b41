// The servers that `oauth.ts` compares, with the same questions to each.
import { CONNECTIONS, FORM, postOnce } from "../load.ts"
import { CLIENT_ID, REFRESHED_SCOPES, SCOPES, startAuthchemy } from "./authchemy.ts"
import { startOidcProvider } from "./peers.ts"

/** A server that is asked for tokens. */
export type Issuer = {
  tokenUrl: string
  /** As many refresh tokens as there are connections, each of a session of its own. */
  refreshTokens(): Promise<string[]>
  /** Device codes that nobody has decided on. */
  deviceCodes(count: number): Promise<string[]>
  /** Whether a device that polls before its interval is over is told so. */
  keepsPace: boolean
  stop(): Promise<void>
}

/** Starts `authchemy` on SQLite, or on Redis where there is a URL. Tokens are made by the engine on its store. */
export async function issuingAuthchemy(dataDirectory: string, redisUrl: string | null): Promise<Issuer> {
  const { engine, accountId, tokenUrl, stop } = await startAuthchemy(dataDirectory, redisUrl)
  const client = { clientId: CLIENT_ID, device: {} }
  const session = { ...client, accountId, scopes: REFRESHED_SCOPES, expiresInSeconds: 86_400 }
  const device = { ...client, scopes: SCOPES, address: "127.0.0.1", codeChallenge: null }
  return {
    ...{ tokenUrl, stop, keepsPace: true },
    refreshTokens: () =>
      times(CONNECTIONS, async () => {
        const { refreshToken } = await engine.createSession(session)
        if (refreshToken === null) throw new Error("no refresh token")
        return refreshToken
      }),
    deviceCodes: (count) => times(count, async () => (await engine.requestDevice(device)).deviceCode),
  }
}

/** Starts `oidc-provider` with its in-memory adapter, or with one for Redis where there is a URL. */
export async function issuingOidcProvider(redisUrl: string | null): Promise<Issuer> {
  const { url, seed, stop } = await startOidcProvider(redisUrl)
  const deviceRequest = new URLSearchParams({ client_id: CLIENT_ID, scope: SCOPES.join(" ") }).toString()
  return {
    ...{ tokenUrl: `${url}/token`, stop, keepsPace: false },
    refreshTokens: async () => (await seed()).refreshTokens ?? [],
    deviceCodes: (count) =>
      times(count, async () => {
        const answer = await postOnce(`${url}/device/auth`, FORM, deviceRequest)
        return (JSON.parse(answer) as { device_code: string }).device_code
      }),
  }
}

async function times<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = []
  while (made.length < count) {
    made.push(...(await Promise.all(Array.from({ length: Math.min(100, count - made.length) }, make))))
  }
  return made
}
