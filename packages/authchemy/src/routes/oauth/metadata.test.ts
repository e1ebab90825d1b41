import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, openAppUnderTest } from "../testing.ts"

const PATHS = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]

const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/oauth/authorize`,
  token_endpoint: `${ISSUER}/oauth/token`,
  device_authorization_endpoint: `${ISSUER}/oauth/device_authorization`,
  revocation_endpoint: `${ISSUER}/oauth/revoke`,
  introspection_endpoint: `${ISSUER}/oauth/introspect`,
  authchemy_revocations_endpoint: `${ISSUER}/oauth/revocations`,
  pushed_authorization_request_endpoint: `${ISSUER}/oauth/par`,
  require_pushed_authorization_requests: false,
  scopes_supported: [
    "account:read",
    "apps:read",
    "apps:write",
    "sessions:manage",
    "keys:manage",
    "offline_access",
  ],
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: [
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
  ],
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
  revocation_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
  introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  authorization_response_iss_parameter_supported: true,
  dpop_signing_alg_values_supported: ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "RS256"],
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
}

let under: AppUnderTest
beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())

describe.each(PATHS)("GET %s", (path) => {
  test("says exactly what is served", async () => {
    const response = await under.app.request(path)
    expect(response.status).toBe(200)
    expect(response.headers.get("content-type")).toMatch(/^application\/json/)
    expect(await response.json()).toEqual(METADATA)
  })

  test("S33 a forged Host or forwarded header changes nothing", async () => {
    const headers = {
      Host: "evil.example",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Proto": "https",
      Forwarded: "host=evil.example",
    }
    const response = await under.app.request(`http://evil.example${path}`, { headers })
    expect(await response.json()).toEqual(METADATA)
  })

  test("takes GET only", async () => {
    const response = await under.app.request(path, { method: "POST" })
    expect(response.status).toBe(405)
    expect(response.headers.get("allow")).toBe("GET")
  })
})

test("each endpoint that it names is there", async () => {
  const endpoints = Object.entries(METADATA).filter(([name]) => name.endsWith("_endpoint"))
  expect(endpoints).toHaveLength(7)
  for (const [name, url] of endpoints) {
    expect((await under.app.request(String(url), { method: "PUT" })).status, name).toBe(405)
  }
})

test("the issuer is the configured one", async () => {
  const elsewhere = await openAppUnderTest({ issuer: "https://auth.example.com" })
  const response = await elsewhere.app.request(PATHS[0] ?? "")
  expect(await response.json()).toMatchObject({
    issuer: "https://auth.example.com",
    token_endpoint: "https://auth.example.com/oauth/token",
  })
  await elsewhere.close()
})
