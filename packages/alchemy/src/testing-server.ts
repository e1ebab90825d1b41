import { createHash, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { AccessKey, App } from "@authchemy/protocol"
import { onTestFinished } from "vitest"
import { ACCOUNT, APP, answerAdmin } from "./testing-admin-api.ts"

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void
export type Seen = {
  method: string
  path: string
  authorization: string | undefined
  ifMatch: string | undefined
  body: string
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const base62 = (length: number) =>
  Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join("")

/** A text of the form of a token; of an access key: `ak`. */
export const newToken = (kind = "at") => `alchemy_${kind}_tAg9${base62(49)}`

export { ACCOUNT, APP, sessionIdOf } from "./testing-admin-api.ts"

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
  const apps: App[] = [structuredClone(APP)]
  const accessKeys: AccessKey[] = []
  const keySecrets = new Map<string, string>()
  const clock = { now: NOW }
  const newKey = () => newToken("ak")
  const state = { sessions, apps, accessKeys, keySecrets, now: () => clock.now, newKey }
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
    const ifMatch = request.headers["if-match"]
    const call = { method: request.method ?? "", url, token, body, ifMatch }
    const { status, content, headers = {} } = answerAdmin(call, state)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    return content === undefined ? response.writeHead(status).end() : json(response, status, content)
  }

  const server = createServer(async (request, response) => {
    response.sendDate = false
    response.setHeader("date", new Date(clock.now).toUTCString())
    let body = ""
    for await (const chunk of request) body += chunk
    const path = request.url ?? ""
    const { authorization, "if-match": ifMatch } = request.headers
    seen.push({ method: request.method ?? "", path, authorization, ifMatch, body })
    const taken = overrides.get(path.split("?")[0] ?? "") ?? overrides.get("*")
    if (taken !== undefined) taken(request, response, body)
    else answer(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
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
    accessKeys,
    keySecrets,
    clock,
    stop,
    override: (path: string, take: Answer) => overrides.set(path, take),
  }
}

/** The moment at which tests take place. */
export const NOW = Date.parse("2026-11-24T12:00:00.000Z")
