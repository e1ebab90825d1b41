import { randomBytes } from "node:crypto"
import {
  codeChallengeOf,
  codeVerifierFrom,
  DEVICE_PATH,
  DeviceAuthorizationResponse,
  GRANT_TYPES,
  OAUTH_PATHS,
  OAuthTokenResponse,
} from "@authchemy/protocol"
import { digestOf } from "@authchemy/tokens"
import * as v from "valibot"
import { expect } from "vitest"
import type { Client } from "../../clients/client.ts"
import { type AppUnderTest, form, sealedRequestIn } from "../testing.ts"

/** With all that form encoding changes, so that a client that encodes its secret and one that does not send different texts. */
export const WEB_SECRET = "web:secret+with%41ll/sorts&of=chars"
export const RESOURCE_SECRET = "resource-server-secret-0123456789abc"
export const NATIVE_REDIRECT = "http://127.0.0.1:51004/cb"
export const WEB_REDIRECT = "https://web.example/cb?tenant=1"
export const SCHEME_REDIRECT = "com.example.app:/cb"

const { authorizationCode, deviceCode, refreshToken } = GRANT_TYPES
const PUBLIC = { secretDigest: null, requireDpop: false, resourceServer: false } as const

/** A native program: loopback redirects, device flow, refresh tokens. */
export const NATIVE: Client = {
  ...PUBLIC,
  id: "native",
  name: "Native Program",
  redirectUris: ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"],
  grants: [authorizationCode, deviceCode, refreshToken],
}
/** A web application with a secret. */
export const WEB: Client = {
  ...PUBLIC,
  id: "web",
  name: "Web Application",
  secretDigest: digestOf(WEB_SECRET),
  redirectUris: [WEB_REDIRECT],
  grants: [authorizationCode, refreshToken],
}
/** A native program that can have neither refresh tokens nor device codes. */
export const PLAIN: Client = { ...NATIVE, id: "plain", name: "Plain Program", grants: [authorizationCode] }
/** One that may only use device codes. */
export const DEVICE_ONLY: Client = {
  ...PUBLIC,
  id: "tv",
  name: "Television",
  redirectUris: [],
  grants: [deviceCode],
}
/** One whose tokens are always bound to a key. */
export const BOUND: Client = { ...NATIVE, id: "bound", name: "Bound Program", requireDpop: true }
export const RESOURCE: Client = {
  ...PUBLIC,
  id: "resource",
  name: "Resource Server",
  secretDigest: digestOf(RESOURCE_SECRET),
  redirectUris: [],
  grants: [],
  resourceServer: true,
}
/** A native program with a redirect of a private-use scheme. */
export const SCHEME: Client = {
  ...PUBLIC,
  id: "scheme",
  name: "Scheme App",
  redirectUris: [SCHEME_REDIRECT],
  grants: [authorizationCode],
}
export const CLIENTS: readonly Client[] = [NATIVE, WEB, PLAIN, DEVICE_ONLY, BOUND, RESOURCE, SCHEME]

/** Parameters of a request; `null` leaves one out. */
export type Changes = Readonly<Record<string, string | null>>

/** Fetch options of a form that a program posts. */
export function post(fields: Changes, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body: formText(fields),
  }
}

export function formText(fields: Changes): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (value !== null) text.append(name, value)
  return text.toString()
}

/** The `Authorization` header of HTTP Basic; values as they stand, or form-encoded first (RFC 6749 §2.3.1). */
export function basic(id: string, secret: string, encode: (text: string) => string = (text) => text) {
  const text = `${encode(id)}:${encode(secret)}`
  return { Authorization: `Basic ${Buffer.from(text).toString("base64")}` }
}

export const WEB_BASIC = basic(WEB.id, WEB_SECRET, encodeURIComponent)
export const RESOURCE_BASIC = basic(RESOURCE.id, RESOURCE_SECRET)

/** What `app.request` takes as its environment, so that a request comes from an address. */
export function fromAddress(remoteAddress: string): object {
  return { incoming: { socket: { remoteAddress } } }
}

/** A fresh verifier and the parameters of an authorization request by `NATIVE`. */
export function authorization(changes: Changes = {}): { parameters: Changes; verifier: string } {
  const verifier = codeVerifierFrom(randomBytes)
  const parameters = {
    response_type: "code",
    client_id: NATIVE.id,
    redirect_uri: NATIVE_REDIRECT,
    code_challenge: codeChallengeOf(verifier),
    code_challenge_method: "S256",
    state: "st4te",
    ...changes,
  }
  return { parameters, verifier }
}

/** Goes to `/oauth/authorize` with a query. */
export async function open(under: AppUnderTest, cookie: string, query: string): Promise<Response> {
  return under.app.request(`${OAUTH_PATHS.authorize}?${query}`, { headers: { Cookie: cookie } })
}

/** Answers an approval page. */
export async function decide(
  under: AppUnderTest,
  cookie: string,
  page: string,
  decision = "approve",
): Promise<Response> {
  const fields = { request: sealedRequestIn(page), decision }
  return under.app.request(OAUTH_PATHS.authorize, form(fields, { Cookie: cookie }))
}

/** Where an answer sends the browser. */
export function locationOf(response: Response): URL {
  expect(response.status).toBe(303)
  return new URL(response.headers.get("location") ?? "")
}

/** A code that this browser has approved, as the form that redeems it. */
export async function codeFor(
  under: AppUnderTest,
  cookie: string,
  changes: Changes = {},
): Promise<Record<string, string>> {
  const { parameters, verifier } = authorization(changes)
  const page = await (await open(under, cookie, formText(parameters))).text()
  const code = locationOf(await decide(under, cookie, page)).searchParams.get("code") ?? ""
  const { client_id, redirect_uri } = parameters
  return {
    grant_type: GRANT_TYPES.authorizationCode,
    code,
    code_verifier: verifier,
    ...(client_id ? { client_id } : {}),
    ...(redirect_uri ? { redirect_uri } : {}),
  }
}

/** Posts to `/oauth/token`. */
export async function askToken(
  under: AppUnderTest,
  fields: Changes,
  headers: Record<string, string> = {},
): Promise<Response> {
  return under.app.request(OAUTH_PATHS.token, post(fields, headers))
}

/** The tokens of an answer, narrowed by the wire contract. */
export async function tokensIn(response: Response): Promise<OAuthTokenResponse> {
  const body: unknown = await response.json()
  expect(body, JSON.stringify(body)).toHaveProperty("access_token")
  expect(response.status).toBe(200)
  return v.parse(OAuthTokenResponse, body)
}

/** Approves in this browser and redeems; with a refresh token where the scopes ask for one. */
export async function signedIn(
  under: AppUnderTest,
  cookie: string,
  changes: Changes = {},
  headers: Record<string, string> = {},
): Promise<OAuthTokenResponse & { refresh_token: string }> {
  const fields = await codeFor(under, cookie, changes)
  const tokens = await tokensIn(await askToken(under, fields, headers))
  return { ...tokens, refresh_token: tokens.refresh_token ?? "" }
}

/** With these scopes there is a refresh token. */
export const OFFLINE = "account:read apps:read offline_access"

/** The status of `GET /v1/me` with a bearer token: 200 while it lives. */
export async function statusWith(under: AppUnderTest, token: string): Promise<number> {
  return (await under.app.request("/v1/me", { headers: { Authorization: `Bearer ${token}` } })).status
}

/** Expects `{ error, error_description }` with a status and nothing more, kept by nobody. */
export async function expectOAuthError(
  answer: Response | Promise<Response>,
  status: number,
  error: string,
  naming = /./,
): Promise<Response> {
  const response = await answer
  expect(await response.json()).toEqual({ error, error_description: expect.stringMatching(naming) })
  expect(response.status).toBe(status)
  expect(response.headers.get("cache-control")).toBe("no-store")
  if (status === 401) expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/)
  return response
}

export const ANN_ADDRESS = "203.0.113.7"

/** Asks for a device code, as `NATIVE` from an address that the person will see. */
export async function startDevice(
  under: AppUnderTest,
  changes: Changes = {},
  address = ANN_ADDRESS,
): Promise<DeviceAuthorizationResponse> {
  const fields = { client_id: NATIVE.id, ...changes }
  const response = await under.app.request(
    OAUTH_PATHS.deviceAuthorization,
    post(fields),
    fromAddress(address),
  )
  expect(response.status).toBe(200)
  return v.parse(DeviceAuthorizationResponse, await response.json())
}

/** A device's poll. */
export function poll(under: AppUnderTest, device_code: string, changes: Changes = {}): Promise<Response> {
  return askToken(under, { grant_type: deviceCode, device_code, client_id: NATIVE.id, ...changes })
}

/** A signed-in browser at the device door. */
export type DeviceVisit = {
  /** Opens `/device`, types a code and goes on; with `from` the browser is elsewhere. */
  type(user_code: string, from?: string): Promise<Response>
  /** Answers the approval page that `type` led to. */
  answer(page: string, decision: string): Promise<Response>
  /** Types a good code and answers. */
  decide(user_code: string, decision: string): Promise<Response>
}

export function visitDevice(under: AppUnderTest, cookie: string): DeviceVisit {
  const send = (fields: Record<string, string>, address = ANN_ADDRESS) =>
    under.app.request(DEVICE_PATH, form(fields, { Cookie: cookie }), fromAddress(address))
  const visit: DeviceVisit = {
    type: async (user_code, from) => {
      const page = await under.app.request(DEVICE_PATH, { headers: { Cookie: cookie } })
      return send({ form_token: formTokenIn(await page.text()), user_code }, from)
    },
    answer: async (page, decision) => send({ request: sealedRequestIn(page), decision }),
    decide: async (user_code, decision) => {
      const asked = await visit.type(user_code)
      expect(asked.status).toBe(200)
      return visit.answer(await asked.text(), decision)
    },
  }
  return visit
}

/** What proves that a form was on the page that asks for the code. */
export function formTokenIn(page: string): string {
  return /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? ""
}
