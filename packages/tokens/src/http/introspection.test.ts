import { expect, test } from "vitest"
import { createAuthorizationServer } from "./authorization-server.ts"
import { introspectSessions } from "./introspection.ts"
import { createFakeServer, jsonResponse } from "./testing.ts"

const ISSUER = "https://auth.example.com"
const NOW = 1_790_000_000_500

const ACTIVE = {
  active: true,
  scope: "account:read of-another-server apps:read",
  client_id: "alchemy-cli",
  sub: "ann",
  sid: "session",
  iat: 1_789_999_000,
  exp: 1_790_000_600,
}

function find(body: unknown) {
  const fake = createFakeServer(() => jsonResponse(body))
  const options = { issuer: ISSUER, clientId: "notes-api", clientSecret: "secret", fetch: fake.fetch }
  const source = introspectSessions({
    server: createAuthorizationServer(options),
    issuer: ISSUER,
    now: () => NOW,
  })
  return { found: source.findSession("AbCd", "digest", NOW, "alchemy_at_x"), requests: fake.requests }
}

test("an active token's session, in milliseconds; scopes that are not known here are left out", async () => {
  const { found, requests } = find(ACTIVE)
  expect(await found).toEqual({
    id: "session",
    accountId: "ann",
    clientId: "alchemy-cli",
    scopes: ["account:read", "apps:read"],
    device: {},
    keyThumbprint: null,
    createdAt: 1_789_999_000_000,
    lastUsedAt: NOW,
    expiresAt: 1_790_000_600_000,
    tag: "AbCd",
    digest: "digest",
    family: null,
  })
  expect(await requests[0]?.text()).toBe("token=alchemy_at_x")
})

test("a token without scopes has none", async () => {
  expect(await find({ ...ACTIVE, scope: "" }).found).toMatchObject({ scopes: [] })
})

test("a token that is bound to a key says so", async () => {
  expect(await find({ ...ACTIVE, cnf: { jkt: "thumbprint" } }).found).toMatchObject({
    keyThumbprint: "thumbprint",
  })
})

test("an inactive one has none, nor has one whose end has come meanwhile", async () => {
  expect(await find({ active: false }).found).toBeNull()
  expect(await find({ ...ACTIVE, exp: 1_790_000_000 }).found).toBeNull()
})

test.each([
  {},
  { active: "false" },
  { ...ACTIVE, sub: undefined },
  { ...ACTIVE, exp: 1e300 },
  { ...ACTIVE, cnf: {} },
  [],
])("an answer that is malformed is an error, never a no and never a yes: %j", async (body) => {
  await expect(find(body).found).rejects.toMatchObject({ reason: "malformed" })
})
