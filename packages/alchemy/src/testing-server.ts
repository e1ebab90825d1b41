import { createHash, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void
export type Seen = { method: string; path: string; authorization: string | undefined; body: string }

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const base62 = (length: number) =>
  Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join("")

/** A text of the form of a token. */
export const newToken = () => `alchemy_at_tAg9${base62(49)}`

export const APP = {
  id: "app_1",
  name: "demo",
  apiKey: "apikey-1234567890-abcdefgh",
  webhookApiKey: "whkey-1234567890-abcdefgh",
  chainNetworks: [
    {
      id: "eth-mainnet",
      name: "Ethereum",
      networkChainId: 1,
      rpcUrl: "https://eth.example.com/v2/apikey-1234567890-abcdefgh",
      wsUrl: "wss://eth.example.com/v2/apikey-1234567890-abcdefgh",
    },
  ],
  createdAt: "2026-11-01T00:00:00.000Z",
}

/**
 * An HTTP server on loopback that speaks the wire contract as far as these tests go: `/login` and `/device`
 * with a code approve at once, codes become tokens, tokens can be ended, `/v1` answers whoever holds one.
 * `override` takes a route over, for example to fail or hang.
 */
export async function startServer() {
  const sessions = new Set<string>()
  const codes = new Set<string>()
  /** Device codes by user code, and those of them that are approved. */
  const devices = new Map<string, string>()
  const approved = new Set<string>()
  const seen: Seen[] = []
  const apps = [structuredClone(APP)]
  const overrides = new Map<string, Answer>()
  const json = (response: ServerResponse, status: number, content: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content))

  const answer: Answer = (request, response, body) => {
    const url = new URL(request.url ?? "/", origin)
    const route = `${request.method} ${url.pathname}`
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? ""
    if (route === "GET /login") {
      const back = new URL(url.searchParams.get("redirectUrl") ?? "")
      const code = base62(20)
      codes.add(code)
      back.search = String(
        new URLSearchParams({ code, state: url.searchParams.get("state") ?? "", iss: origin }),
      )
      return response.writeHead(303, { location: back.href }).end()
    }
    if (route === "POST /api/cli/token") {
      if (!codes.delete(JSON.parse(body).code)) return json(response, 400, { error: "invalid_grant" })
      const authToken = newToken()
      sessions.add(authToken)
      const expiresInSeconds = JSON.parse(body).expires_in_seconds ?? 7_776_000
      const expiresAt = new Date(clock.now + expiresInSeconds * 1000).toISOString()
      return json(response, 200, {
        authToken,
        expiresAt,
        expiresInSeconds,
        sessionId: "ses_1",
        account: ACCOUNT,
      })
    }
    if (route === "POST /oauth/device_authorization") {
      const userCode = "WDJB-MJHT"
      devices.set(userCode, base62(20))
      return json(response, 200, {
        device_code: devices.get(userCode),
        user_code: userCode,
        verification_uri: `${origin}/device`,
        verification_uri_complete: `${origin}/device?user_code=${userCode}`,
        expires_in: 600,
        interval: 5,
      })
    }
    if (route === "GET /device") {
      approved.add(devices.get(url.searchParams.get("user_code") ?? "") ?? "")
      return response.writeHead(200).end()
    }
    if (route === "POST /oauth/token") {
      const form = new URLSearchParams(body)
      if (!approved.delete(form.get("device_code") ?? "")) {
        return json(response, 400, { error: "authorization_pending" })
      }
      const access_token = newToken()
      sessions.add(access_token)
      const expires_in = Number(form.get("expires_in_seconds") ?? 7_776_000)
      const granted = { access_token, token_type: "Bearer", expires_in, scope: "account:read" }
      return json(response, 200, { ...granted, session_id: "ses_1", account: ACCOUNT })
    }
    if (route === "POST /api/cli/logout") {
      if (token !== "") {
        return sessions.delete(token)
          ? json(response, 200, { revoked: true })
          : json(response, 401, { error: "invalid_token" })
      }
      const [, digest] = String(JSON.parse(body).revocation_handle).split(".")
      const found = [...sessions].find(
        (session) => createHash("sha256").update(session).digest("base64url") === digest,
      )
      if (found !== undefined) sessions.delete(found)
      return json(response, 200, { revoked: found !== undefined })
    }
    if (!sessions.has(token)) return json(response, 401, { error: "invalid_token", message: "no such token" })
    const id = /^\/v1\/apps\/([^/]+)$/.exec(url.pathname)?.[1]
    const app = apps.find((candidate) => candidate.id === id)
    if (id !== undefined && app === undefined) {
      return json(response, 404, { error: "not_found", message: "There is no such app." })
    }
    if (route === "GET /v1/me") {
      const moment = new Date(clock.now).toISOString()
      const session = {
        id: "ses_1",
        device: { name: "laptop" },
        createdAt: moment,
        lastUsedAt: moment,
        expiresAt: new Date(clock.now + 7_776_000_000).toISOString(),
        current: true,
      }
      return json(response, 200, { data: { account: ACCOUNT, credential: { type: "session", session } } })
    }
    if (route === "GET /v1/apps") {
      const from = Number(url.searchParams.get("cursor") ?? 0)
      const to = from + Number(url.searchParams.get("limit") ?? 25)
      const cursor = to < apps.length ? { cursor: String(to) } : {}
      return json(response, 200, { data: { apps: apps.slice(from, to), ...cursor } })
    }
    if (route === "POST /v1/apps")
      return json(response, 201, { data: { ...APP, ...JSON.parse(body), ...NETWORKS } })
    if (route === "GET /v1/chains") return json(response, 200, { data: { chains: APP.chainNetworks } })
    if (request.method === "GET") return json(response, 200, { data: app })
    if (request.method === "PATCH") return json(response, 200, { data: { ...app, ...JSON.parse(body) } })
    apps.splice(0, 1)
    return response.writeHead(204).end()
  }

  const server = createServer(async (request, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    const path = request.url ?? ""
    seen.push({ method: request.method ?? "", path, authorization: request.headers.authorization, body })
    const taken = overrides.get(path.split("?")[0] ?? "") ?? overrides.get("*")
    if (taken !== undefined) taken(request, response, body)
    else answer(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clock = { now: NOW }
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  return {
    origin,
    sessions,
    seen,
    apps,
    clock,
    stop,
    override: (path: string, take: Answer) => overrides.set(path, take),
  }
}

/** The moment at which tests take place. */
export const NOW = Date.parse("2026-11-24T12:00:00.000Z")
export const ACCOUNT = { id: "acc_1", email: "ada@example.com", name: "Ada" }
const NETWORKS = { chainNetworks: APP.chainNetworks }
