import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import type { PendingRevocation } from "./credentials/credentials.ts"
import type { UnfinishedSignIn } from "./credentials/unfinished-sign-in.ts"

/** What a server of a test was asked. */
export type Received = {
  method: string
  path: string
  headers: IncomingMessage["headers"]
  body: string
}

/** A real HTTP server on loopback that keeps what it was asked. It ends with the test. */
export async function startServer(
  answer: (response: ServerResponse, request: Received, count: number) => void,
): Promise<{ url: string; received: Received[]; stop: () => Promise<void> }> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ""
    for await (const chunk of request.setEncoding("utf8")) body += chunk
    const { method = "", url: path = "", headers } = request
    const one = { method, path, headers, body }
    answer(response, one, received.push(one))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const stop = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return { url: `http://127.0.0.1:${address.port}`, received, stop }
}

/** The URL of a loopback port on which nothing listens. */
export async function refusingUrl(): Promise<string> {
  const { url, stop } = await startServer(() => {})
  await stop()
  return url
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, json: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers })
  response.end(JSON.stringify(json))
}

/** A token of the right form. */
export const TOKEN = `alchemy_at_tAg9${"s".repeat(43)}${"c".repeat(6)}`
/** An answer of the token endpoint that holds it. */
export const TOKEN_RESPONSE = {
  authToken: TOKEN,
  expiresAt: "2027-02-21T22:05:00.000Z",
  expiresInSeconds: 7_776_000,
  sessionId: "session-1",
  account: { id: "account-1", email: "ada@example.com", name: "Ada" },
}

/** A folder of its own for one test; it goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cli-sign-in-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An answer of the OAuth token endpoint that holds the same token. */
export const OAUTH_TOKEN_RESPONSE = {
  access_token: TOKEN,
  token_type: "Bearer",
  expires_in: 7_776_000,
  scope: "account:read apps:read",
  session_id: "session-1",
  account: TOKEN_RESPONSE.account,
}

/** An answer of the device authorization endpoint of the server at `url`. */
export const deviceAuthorizationOf = (url: string) => ({
  device_code: "the-device-code",
  user_code: "WDJB-MJHT",
  verification_uri: `${url}/device`,
  verification_uri_complete: `${url}/device?user_code=WDJB-MJHT`,
  expires_in: 600,
  interval: 5,
})

type Answer = (response: ServerResponse, request: Received, count: number) => void

/** Answers a poll with an error (RFC 8628 §3.5). */
export const refuseWith =
  (error: string, status = 400, headers = {}): Answer =>
  (response) =>
    sendJson(response, status, { error }, headers)
export const PENDING = refuseWith("authorization_pending")
export const TOKEN_GIVEN: Answer = (response) => sendJson(response, 200, OAUTH_TOKEN_RESPONSE)

/**
 * A server with a device flow. `polls` answer one poll each, the last of them all that follow;
 * `authorization` changes what is said of the code; `others` answer other paths.
 */
export async function startDeviceServer(
  polls: readonly Answer[],
  authorization: object = {},
  others: Readonly<Record<string, Answer>> = {},
) {
  let poll = 0
  const server = await startServer((response, request, count) => {
    const other = others[request.path]
    if (other !== undefined) return other(response, request, count)
    if (request.path === "/api/cli/logout") return sendJson(response, 200, { revoked: true })
    if (request.path === "/oauth/device_authorization") {
      const origin = `http://${request.headers.host}`
      return sendJson(response, 200, { ...deviceAuthorizationOf(origin), ...authorization })
    }
    polls[Math.min(poll++, polls.length - 1)]?.(response, request, poll)
  })
  const of = (path: string) => server.received.filter((request) => request.path === path)
  return { ...server, polls: () => of("/oauth/token"), ended: () => of("/api/cli/logout") }
}

/** A clock that a pause moves on by as much as was asked for, and that takes no time. */
export function pausingClock() {
  const clock = { now: Date.parse("2026-11-24T12:00:00.000Z"), pauses: [] as number[] }
  const delay = async (milliseconds: number) => {
    clock.pauses.push(milliseconds)
    clock.now += milliseconds
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { now: () => clock.now, delay, pauses: clock.pauses }
}

/** Notes of sign-ins in memory; `log` is each that was ever made. What is named in `failures` fails with that. */
export function noteTaker(failures: { note?: Error; forget?: Error; owe?: Error } = {}) {
  const noted = new Map<string, UnfinishedSignIn>()
  const [log, owed]: [UnfinishedSignIn[], PendingRevocation[]] = [[], []]
  const notes = {
    note: async (unfinished: UnfinishedSignIn) => {
      if (failures.note) throw failures.note
      noted.set(unfinished.id, unfinished)
      log.push(unfinished)
    },
    forget: async (id: string) => {
      if (failures.forget) throw failures.forget
      noted.delete(id)
    },
    owe: async (pending: PendingRevocation) => {
      if (failures.owe) throw failures.owe
      owed.push(pending)
    },
  }
  return { notes, noted, log, owed }
}
