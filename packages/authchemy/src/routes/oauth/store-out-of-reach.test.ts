import { GRANT_TYPES, OAUTH_PATHS } from "@authchemy/protocol"
import { StoreUnavailableError, type TokenService } from "@authchemy/tokens"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { createProofKey, signProof } from "../../dpop/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest } from "../testing.ts"
import {
  askToken,
  authorization,
  CLIENTS,
  codeFor,
  decide,
  expectOAuthError,
  formText,
  NATIVE,
  OFFLINE,
  open,
  poll,
  post,
  RESOURCE_BASIC,
  signedIn,
  startDevice,
  statusWith,
  visitDevice,
} from "./testing.ts"

let under: AppUnderTest
let cookie: string
let out = false

/** The engine, with a store that is out of reach for as long as `out` is true. */
function unreliable(tokens: TokenService): TokenService {
  return new Proxy(tokens, {
    get(target, name, receiver) {
      if (!out) return Reflect.get(target, name, receiver) as unknown
      return async () => {
        throw new StoreUnavailableError(new Error("out"))
      }
    },
  })
}

beforeAll(async () => {
  under = await openAppUnderTest({ clients: CLIENTS, wrapTokens: unreliable })
  cookie = await under.signIn()
})
afterEach(() => {
  out = false
})
afterAll(() => under.close())

async function expectUnavailable(response: Response) {
  await expectOAuthError(response, 503, "temporarily_unavailable")
  expect(response.headers.get("retry-after")).toBe("1")
}

async function expectUnavailablePage(response: Response) {
  expect(response.status).toBe(503)
  expect(response.headers.get("retry-after")).toBe("1")
  expect(response.headers.get("location")).toBeNull()
  expect(await response.text()).toContain("temporarily_unavailable")
}

test("S52 no token is issued, and what would have given one still does afterwards", async () => {
  const fields = await codeFor(under, cookie)
  const { refresh_token } = await signedIn(under, cookie, { scope: OFFLINE })
  const refresh = { grant_type: GRANT_TYPES.refreshToken, refresh_token, client_id: NATIVE.id }
  const { device_code, user_code } = await startDevice(under)
  await visitDevice(under, cookie).decide(user_code, "approve")
  out = true
  await expectUnavailable(await askToken(under, fields))
  await expectUnavailable(await askToken(under, refresh))
  await expectUnavailable(await askToken(under, { ...refresh, client_id: null }))
  await expectUnavailable(await poll(under, device_code))
  out = false
  expect((await askToken(under, fields)).status).toBe(200)
  expect((await askToken(under, refresh)).status).toBe(200)
  expect((await poll(under, device_code)).status).toBe(200)
})

test("S52 a proof that cannot be told from a used one is not accepted", async () => {
  const fields = await codeFor(under, cookie)
  const key = await createProofKey()
  const url = ISSUER + OAUTH_PATHS.token
  const sign = (nonce = "") => signProof(key, { method: "POST", url, now: under.clock.now, nonce })
  const nonce = (await askToken(under, fields, { DPoP: await sign() })).headers.get("dpop-nonce") ?? ""
  out = true
  await expectUnavailable(await askToken(under, fields, { DPoP: await sign(nonce) }))
})

test("S52 a token is neither good nor bad, and no end of one is confirmed", async () => {
  const { access_token } = await signedIn(under, cookie)
  const revocation = post({ token: access_token, client_id: NATIVE.id })
  out = true
  const introspection = post({ token: access_token }, RESOURCE_BASIC)
  await expectUnavailable(await under.app.request(OAUTH_PATHS.introspect, introspection))
  await expectUnavailable(await under.app.request(OAUTH_PATHS.revoke, revocation))
  expect(await statusWith(under, access_token)).toBe(503)
  out = false
  expect(await statusWith(under, access_token)).toBe(200)
})

test("S52 nothing new is begun", async () => {
  const { parameters } = authorization()
  out = true
  const { deviceAuthorization, pushedAuthorizationRequest } = OAUTH_PATHS
  await expectUnavailable(await under.app.request(pushedAuthorizationRequest, post(parameters)))
  await expectUnavailable(await under.app.request(deviceAuthorization, post({ client_id: NATIVE.id })))
})

test("S52 people are told on a page, and can answer again afterwards", async () => {
  const query = formText(authorization().parameters)
  const page = await (await open(under, cookie, query)).text()
  out = true
  await expectUnavailablePage(await decide(under, cookie, page))
  const request_uri = `urn:ietf:params:oauth:request_uri:${"x".repeat(43)}`
  await expectUnavailablePage(await open(under, cookie, formText({ client_id: NATIVE.id, request_uri })))
  out = false
  expect((await decide(under, cookie, page)).status).toBe(303)
})

test("S52 a user code that could not be looked up was no guess", async () => {
  const visit = visitDevice(under, cookie)
  const { user_code } = await startDevice(under)
  out = true
  for (let tries = 0; tries < 7; tries++) await expectUnavailablePage(await visit.type(user_code))
  out = false
  expect((await visit.type(user_code)).status).toBe(200)
})
