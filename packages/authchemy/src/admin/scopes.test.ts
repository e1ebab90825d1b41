import {
  AccessKeyCreated,
  AccessKeyList,
  App,
  DEFAULT_SCOPES,
  Me,
  type Scope,
  SessionList,
} from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AdminApiUnderTest, dataIn, expectRefusal, openAdminApiUnderTest } from "./testing.ts"

let api: AdminApiUnderTest
beforeAll(async () => {
  api = await openAdminApiUnderTest()
})
afterAll(() => api.close())

/** A token of a session with just these scopes. */
async function tokenWith(scopes: readonly Scope[], clientId = "alchemy-cli"): Promise<string> {
  const { accountId } = api.ada.session
  const request = { accountId, clientId, scopes, device: {}, expiresInSeconds: 3600 }
  return (await api.services.tokens.createSession(request)).token
}
const allBut = (scope: Scope) => DEFAULT_SCOPES.filter((other) => other !== scope)

const newApp = { name: "x", chainNetworks: ["ETH_MAINNET"] }
const appId = async () => (await dataIn(api.call("POST", "/v1/apps", { body: newApp }), App, 201)).id
const keyId = async () => (await keyMade(api.ada.token, {})).id
const sessionId = async () => (await api.anotherSession(api.ada.session.accountId)).session.id
const keyMade = (bearer: string, body: object) =>
  dataIn(api.call("POST", "/v1/access-keys", { bearer, body: { name: "k", ...body } }), AccessKeyCreated, 201)

type Call = [
  method: string,
  path: string,
  scope: Scope,
  status: number,
  id?: (() => Promise<string>) | undefined,
  body?: object,
]
const CALLS: readonly Call[] = [
  ["GET", "/v1/me", "account:read", 200],
  ["GET", "/v1/activity", "sessions:manage", 200],
  ["GET", "/v1/apps", "apps:read", 200],
  ["GET", "/v1/apps/:id", "apps:read", 200, appId],
  ["GET", "/v1/chains", "apps:read", 200],
  ["POST", "/v1/apps", "apps:write", 201, undefined, newApp],
  ["PATCH", "/v1/apps/:id", "apps:write", 200, appId, { name: "y" }],
  ["PUT", "/v1/apps/:id/networks", "apps:write", 200, appId, { chainNetworks: ["BASE_MAINNET"] }],
  ["PUT", "/v1/apps/:id/address-allowlist", "apps:write", 200, appId, { addressAllowlist: [] }],
  ["PUT", "/v1/apps/:id/origin-allowlist", "apps:write", 200, appId, { originAllowlist: [] }],
  ["PUT", "/v1/apps/:id/ip-allowlist", "apps:write", 200, appId, { ipAllowlist: [] }],
  ["DELETE", "/v1/apps/:id", "apps:write", 204, appId],
  ["GET", "/v1/sessions", "sessions:manage", 200],
  ["DELETE", "/v1/sessions/:id", "sessions:manage", 200, sessionId],
  ["GET", "/v1/access-keys", "keys:manage", 200],
  ["POST", "/v1/access-keys", "keys:manage", 201, undefined, { name: "k" }],
  ["DELETE", "/v1/access-keys/:id", "keys:manage", 204, keyId],
]

describe.each(CALLS)("%s %s", (method, path, scope, status, idOf, body) => {
  const call = async (bearer: string) => {
    const address = path.replace(":id", (await idOf?.()) ?? "")
    return api.call(method, address, { bearer, ...(body === undefined ? {} : { body }) })
  }

  test(`needs ${scope}, and nothing more`, async () => {
    const response = await expectRefusal(call(await tokenWith(allBut(scope))), 403, "insufficient_scope")
    expect(response.headers.get("www-authenticate")).toBe(
      `Bearer error="insufficient_scope", scope="${scope}"`,
    )
    expect((await call(await tokenWith([scope]))).status).toBe(status)
  })

  test("holds access keys to the same", async () => {
    const lacking = await keyMade(api.ada.token, { scopes: allBut(scope) })
    await expectRefusal(call(lacking.key), 403, "insufficient_scope", new RegExp(scope))
    const { key } = await keyMade(api.ada.token, { scopes: [scope] })
    expect((await call(key)).status).toBe(status)
  })
})

test.each(["/v1/sessions", "/v1/sessions?others=true"])(
  "DELETE %s without sessions:manage ends no session",
  async (path) => {
    const bearer = await tokenWith(allBut("sessions:manage"))
    await expectRefusal(api.call("DELETE", path, { bearer }), 403, "insufficient_scope")
    expect((await api.call("GET", "/v1/me")).status).toBe(200)
    const grace = { bearer: api.grace.token }
    const { sessions } = await dataIn(api.call("GET", "/v1/sessions", grace), SessionList)
    expect(sessions).toHaveLength(1)
  },
)

test("offline_access opens nothing; unknown paths and wrong methods need no scope", async () => {
  const bearer = await tokenWith(["offline_access"])
  for (const [method, path] of CALLS) {
    await expectRefusal(api.call(method, path, { bearer }), 403, "insufficient_scope")
  }
  await expectRefusal(api.call("GET", "/v1/nothing", { bearer }), 404, "not_found")
  await expectRefusal(api.call("PUT", "/v1/apps", { bearer }), 405, "method_not_allowed")
})

test("HEAD needs what GET needs", async () => {
  const bearer = await tokenWith(["apps:read"])
  expect((await api.call("HEAD", "/v1/me", { bearer })).status).toBe(403)
  expect((await api.call("HEAD", "/v1/apps", { bearer })).status).toBe(200)
})

describe("a new access key", () => {
  test("of a session with everything can do everything but refresh", async () => {
    expect((await keyMade(api.ada.token, {})).scopes).toEqual(DEFAULT_SCOPES)
    const bearer = await tokenWith([...DEFAULT_SCOPES, "offline_access"])
    expect((await keyMade(bearer, {})).scopes).toEqual(DEFAULT_SCOPES)
  })

  test("of a limited session is limited to the same, and so is every key that it makes", async () => {
    const bearer = await tokenWith(["apps:read", "keys:manage", "offline_access"])
    const first = await keyMade(bearer, {})
    expect(first.scopes).toEqual(["apps:read", "keys:manage"])
    const second = await keyMade(first.key, {})
    expect(second.scopes).toEqual(["apps:read", "keys:manage"])
    await expectRefusal(api.call("GET", "/v1/me", { bearer: second.key }), 403, "insufficient_scope")
    expect((await api.call("GET", "/v1/apps", { bearer: second.key })).status).toBe(200)
  })

  test("can have fewer scopes than its maker, each once, and says which", async () => {
    const made = await keyMade(api.ada.token, { scopes: ["apps:write", "account:read", "apps:write"] })
    expect(made.scopes).toEqual(["account:read", "apps:write"])
    const me = await dataIn(api.call("GET", "/v1/me", { bearer: made.key }), Me)
    expect(me.credential).toMatchObject({ type: "access_key", accessKey: { scopes: made.scopes } })
    const { accessKeys } = await dataIn(api.call("GET", "/v1/access-keys"), AccessKeyList)
    expect(accessKeys.find(({ id }) => id === made.id)?.scopes).toEqual(made.scopes)
  })

  test("can have none that its maker lacks: 403, and no key is made", async () => {
    const bearer = await tokenWith(["apps:read", "keys:manage"])
    const { key } = await keyMade(bearer, {})
    const before = await dataIn(api.call("GET", "/v1/access-keys"), AccessKeyList)
    for (const maker of [bearer, key]) {
      const body = { name: "k", scopes: ["apps:read", "apps:write"] }
      const wider = api.call("POST", "/v1/access-keys", { bearer: maker, body })
      await expectRefusal(wider, 403, "insufficient_scope", /apps:write/)
    }
    const after = await dataIn(api.call("GET", "/v1/access-keys"), AccessKeyList)
    expect(after.accessKeys).toHaveLength(before.accessKeys.length)
  })

  test.each<[unknown, RegExp]>([
    [["apps:read", "openid"], /^scopes\.1: must be a list of account:read, /],
    [["offline_access"], /^scopes\.0: must be a list of/],
    [[], /^scopes: must name at least one/],
    ["apps:read", /^scopes: must be a list/],
    [[1], /^scopes\.0: must be a list of/],
    [Array.from({ length: 6 }, () => "apps:read"), /^scopes: must name each scope once/],
  ])("with the scopes %j is refused, naming the field", async (scopes, message) => {
    const body = { name: "k", scopes }
    await expectRefusal(api.call("POST", "/v1/access-keys", { body }), 400, "invalid_request", message)
  })

  test("from before there were scopes can do everything", async () => {
    const { id, key } = await keyMade(api.ada.token, { scopes: ["apps:read"] })
    const { database } = api.services
    await database.updateTable("access_key").set({ scopes: null }).where("id", "=", id).execute()
    const me = await dataIn(api.call("GET", "/v1/me", { bearer: key }), Me)
    expect(me.credential).toMatchObject({ accessKey: { scopes: DEFAULT_SCOPES } })
    expect((await api.call("POST", "/v1/apps", { bearer: key, body: newApp })).status).toBe(201)
  })
})

describe("a client's tokens", () => {
  const redirectUris = ["https://web.example/cb"]

  test("S48 are refused at once when it is removed", async () => {
    await api.services.clients.add({ id: "web", name: "Web", redirectUris, confidential: false })
    const bearer = await tokenWith(DEFAULT_SCOPES, "web")
    expect((await api.call("GET", "/v1/me", { bearer })).status).toBe(200)
    await api.services.clients.remove("web")
    const response = await expectRefusal(api.call("GET", "/v1/me", { bearer }), 401, "invalid_token")
    expect(response.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"')
  })

  test("of one that never was are refused", async () => {
    const bearer = await tokenWith(DEFAULT_SCOPES, "nobody")
    await expectRefusal(api.call("GET", "/v1/me", { bearer }), 401, "invalid_token")
  })
})
