import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  AccessKeyCreated,
  AccessKeyList,
  App,
  AppPage,
  ChainList,
  dataOf,
  MAX_BODY_BYTES,
  Me,
  SessionList,
} from "@authchemy/protocol"
import type { IssuedToken } from "@authchemy/tokens"
import type { Hono } from "hono"
import * as v from "valibot"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createApp } from "../app.ts"
import { parseConfig } from "../config.ts"
import { createLogger } from "../logging.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { openServices, type Services } from "../services.ts"
import { createAdminApi } from "./admin-api.ts"

let directory: string
let services: Services
let app: Hono<AppEnv>
let clock = Date.now()
let ada: IssuedToken
let grace: IssuedToken

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-admin-"))
  const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory })
  services = await openServices(config, () => {})
  const { tokens, accounts, database, secret } = services
  const now = () => clock
  app = createApp({
    ...config,
    tokens,
    accounts,
    adminApi: createAdminApi({ tokens, accounts, database, now }),
    secret,
    now,
    logger: createLogger({ write: () => {} }),
    ready: services.ready,
  })
  ada = await signedIn("ada@example.com", "Ada")
  grace = await signedIn("grace@example.com", "Grace")
})
afterAll(async () => {
  await services.close()
  await rm(directory, { recursive: true })
})

async function signedIn(email: string, name: string): Promise<IssuedToken> {
  const { id } = await services.accounts.create({ email, password: "correct horse battery", name })
  return anotherSession(id)
}

const anotherSession = (accountId: string) =>
  services.tokens.createSession({
    accountId,
    expiresInSeconds: 3600,
    device: { name: "laptop", os: "Linux" },
  })

/** One call; a body is sent as JSON. */
function call(
  method: string,
  path: string,
  options: { bearer?: string; body?: unknown; headers?: object } = {},
) {
  const { bearer = ada.token, body } = options
  return app.request(path, {
    method,
    headers: {
      ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  })
}

/** The `data` of an answer, narrowed by the wire contract. */
async function dataIn<Schema extends v.GenericSchema>(
  answer: Response | Promise<Response>,
  schema: Schema,
  status = 200,
): Promise<v.InferOutput<Schema>> {
  const response = await answer
  expect(response.status).toBe(status)
  return (v.parse(dataOf(schema), await response.json()) as { data: v.InferOutput<Schema> }).data
}

async function expectRefusal(
  answer: Response | Promise<Response>,
  status: number,
  error: string,
  message = /./,
) {
  const response = await answer
  expect(await response.json()).toEqual({ error, message: expect.stringMatching(message) })
  expect(response.status).toBe(status)
  return response
}

const create = (name: string, bearer = ada.token) =>
  dataIn(call("POST", "/v1/apps", { bearer, body: { name, chainNetworks: ["ETH_MAINNET"] } }), App, 201)

describe("who calls", () => {
  test("`GET /v1/me` says the account and the session", async () => {
    const me = await dataIn(call("GET", "/v1/me"), Me)
    expect(me.account).toMatchObject({ email: "ada@example.com", name: "Ada" })
    expect(me.credential).toMatchObject({
      type: "session",
      session: { id: ada.session.id, current: true, device: { name: "laptop", os: "Linux" } },
    })
  })

  test.each([
    ["nothing", ""],
    ["junk", "junk"],
    ["a token that never was", "alchemy_at_0000000000000000000000000000000000000000000000000000000000"],
  ])("S47 %s is 401 in the same words", async (_what, bearer) => {
    const response = await expectRefusal(call("GET", "/v1/me", { bearer }), 401, "invalid_token")
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/)
  })

  test("S46 an ended session is refused on the next call", async () => {
    const { token } = await anotherSession(ada.session.accountId)
    expect((await call("GET", "/v1/me", { bearer: token })).status).toBe(200)
    await services.tokens.revoke(token)
    await expectRefusal(call("GET", "/v1/me", { bearer: token }), 401, "invalid_token")
  })

  test("Basic and credentials in the query are no credentials", async () => {
    await expectRefusal(call("GET", `/v1/me?access_token=${ada.token}`, { bearer: "" }), 401, "invalid_token")
    const basic = { authorization: `Basic ${btoa(`x:${ada.token}`)}` }
    await expectRefusal(call("GET", "/v1/me", { bearer: "", headers: basic }), 401, "invalid_token")
  })

  test("unknown paths ask for a credential first, then are 404; wrong methods are 405", async () => {
    await expectRefusal(call("GET", "/v1/nothing", { bearer: "" }), 401, "invalid_token")
    await expectRefusal(call("GET", "/v1/nothing"), 404, "not_found")
    const response = await expectRefusal(call("PUT", "/v1/apps"), 405, "method_not_allowed")
    expect(response.headers.get("allow")).toBe("GET, POST")
  })

  test("S33 a forged Host or forwarded header changes nothing", async () => {
    const headers = { host: "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-for": "1.2.3.4" }
    expect(await (await call("GET", "/v1/me", { headers })).text()).not.toContain("evil.example")
  })
})

describe("apps", () => {
  test("are made, read, changed and deleted", async () => {
    const made = await dataIn(
      call("POST", "/v1/apps", {
        body: {
          name: "First",
          description: "one",
          chainNetworks: ["ETH_MAINNET", "BASE_MAINNET", "ETH_MAINNET"],
          products: ["rpc"],
          unknown: 1,
        },
      }),
      App,
      201,
    )
    expect(made).toMatchObject({ name: "First", description: "one", products: ["rpc"] })
    expect(made.chainNetworks.map(({ id }) => id)).toEqual(["ETH_MAINNET", "BASE_MAINNET"])
    expect(made.chainNetworks[0]).toMatchObject({
      networkChainId: 1,
      rpcUrl: `https://eth-mainnet.g.alchemy.com/v2/${made.apiKey}`,
    })
    expect(await dataIn(call("GET", `/v1/apps/${made.id}`), App)).toEqual(made)
    const changed = await dataIn(call("PATCH", `/v1/apps/${made.id}`, { body: { name: "Second" } }), App)
    expect(changed).toEqual({ ...made, name: "Second" })
    const cleared = await dataIn(call("PATCH", `/v1/apps/${made.id}`, { body: { description: "" } }), App)
    expect(cleared).not.toHaveProperty("description")
    expect((await call("DELETE", `/v1/apps/${made.id}`)).status).toBe(204)
    await expectRefusal(call("GET", `/v1/apps/${made.id}`), 404, "not_found")
    await expectRefusal(call("DELETE", `/v1/apps/${made.id}`), 404, "not_found")
  })

  test("another account's are as if they were not", async () => {
    const { id } = await create("Hers", grace.token)
    await expectRefusal(call("GET", `/v1/apps/${id}`), 404, "not_found")
    await expectRefusal(call("PATCH", `/v1/apps/${id}`, { body: { name: "Mine" } }), 404, "not_found")
    await expectRefusal(call("DELETE", `/v1/apps/${id}`), 404, "not_found")
    const { apps } = await dataIn(call("GET", "/v1/apps", { bearer: grace.token }), AppPage)
    expect(apps.map(({ name }) => name)).toEqual(["Hers"])
  })

  test("are listed page by page, each once, also when one is deleted in between and all are of one moment", async () => {
    const bearer = (await signedIn("pages@example.com", "Pages")).token
    const made = []
    for (let index = 0; index < 7; index++) {
      made.push(await create(`App ${index}`, bearer))
      if (index > 3) clock += 1
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const query: string = cursor === undefined ? "limit=3" : `limit=3&cursor=${cursor}`
      const page = await dataIn(call("GET", `/v1/apps?${query}`, { bearer }), AppPage)
      seen.push(...page.apps.map(({ id }) => id))
      if (cursor === undefined) await call("DELETE", `/v1/apps/${page.apps[2]?.id}`, { bearer })
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen.toSorted()).toEqual(made.map(({ id }) => id).toSorted())
    const all = await dataIn(call("GET", "/v1/apps", { bearer }), AppPage)
    expect(all.apps).toHaveLength(6)
    expect(all).not.toHaveProperty("cursor")
  })

  test.each([
    ["limit=0", /^limit: must be/],
    ["limit=101", /^limit: must be/],
    ["limit=ten", /^limit: must be/],
    ["cursor=nonsense", /^cursor: must be/],
    ["limit=1&limit=2", /^limit: must be there once/],
  ])("`GET /v1/apps?%s` is refused, naming the parameter", async (query, message) => {
    await expectRefusal(call("GET", `/v1/apps?${query}`), 400, "invalid_request", message)
  })

  const good = { name: "x", chainNetworks: ["ETH_MAINNET"] }
  test.each<[string, unknown, RegExp]>([
    ["malformed JSON", "{", /JSON/],
    ["a list", [], /JSON object/],
    ["no name", { chainNetworks: ["ETH_MAINNET"] }, /^name: is required/],
    ["an empty name", { ...good, name: "" }, /^name: must not be empty/],
    ["a number for a name", { ...good, name: 1 }, /^name: must be a string/],
    ["a long name", { ...good, name: "x".repeat(101) }, /^name: must be at most 100/],
    ["no network", { ...good, chainNetworks: [] }, /^chainNetworks: must name at least one/],
    ["an unknown network", { ...good, chainNetworks: ["MOON"] }, /^chainNetworks: .*"MOON"/],
    ["a wrong entry", { ...good, chainNetworks: [1] }, /^chainNetworks\.0: must be a string/],
    ["a long description", { ...good, description: "x".repeat(501) }, /^description: must be at most 500/],
  ])("%s is refused, naming the field", async (_what, body, message) => {
    await expectRefusal(call("POST", "/v1/apps", { body }), 400, "invalid_request", message)
  })

  test("an update that changes nothing says what it takes", async () => {
    const { id } = await create("Same")
    await expectRefusal(call("PATCH", `/v1/apps/${id}`, { body: {} }), 400, "invalid_request", /`name`/)
  })

  test("S29 wrong content types, encodings and sizes are refused", async () => {
    const wrong = (headers: object) => call("POST", "/v1/apps", { body: good, headers })
    await expectRefusal(wrong({ "content-type": "text/plain" }), 415, "unsupported_media_type")
    await expectRefusal(wrong({ "content-encoding": "gzip" }), 415, "unsupported_media_type")
    const large = call("POST", "/v1/apps", { body: { ...good, more: "x".repeat(MAX_BODY_BYTES) } })
    await expectRefusal(large, 413, "payload_too_large")
  })

  test("S31 `__proto__` and its kin are ignored", async () => {
    const body =
      '{"name":"x","chainNetworks":["ETH_MAINNET"],"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
    await dataIn(call("POST", "/v1/apps", { body }), App, 201)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

test("the known networks are listed", async () => {
  const { chains } = await dataIn(call("GET", "/v1/chains"), ChainList)
  expect(chains.length).toBeGreaterThan(10)
  expect(chains[0]).toMatchObject({ id: "ETH_MAINNET", networkChainId: 1 })
})

describe("sessions", () => {
  test("are listed, ended one by one, by others and all", async () => {
    const first = await signedIn("sessions@example.com", "Sessions")
    const { accountId } = first.session
    const bearer = first.token
    const others = await Promise.all([1, 2, 3].map(() => anotherSession(accountId)))
    const { sessions } = await dataIn(call("GET", "/v1/sessions", { bearer }), SessionList)
    expect(sessions).toHaveLength(4)
    expect(sessions.filter(({ current }) => current).map(({ id }) => id)).toEqual([first.session.id])
    const ended = async (path: string) => (await (await call("DELETE", path, { bearer })).json()) as unknown
    expect(await ended(`/v1/sessions/${others[0]?.session.id}`)).toEqual({ data: { ended: 1 } })
    await expectRefusal(call("DELETE", `/v1/sessions/${others[0]?.session.id}`, { bearer }), 404, "not_found")
    await expectRefusal(call("DELETE", `/v1/sessions/${ada.session.id}`, { bearer }), 404, "not_found")
    await expectRefusal(
      call("DELETE", "/v1/sessions?others=yes", { bearer }),
      400,
      "invalid_request",
      /^others/,
    )
    expect(await ended("/v1/sessions?others=true")).toEqual({ data: { ended: 2 } })
    expect((await call("GET", "/v1/me", { bearer })).status).toBe(200)
    expect(await ended("/v1/sessions")).toEqual({ data: { ended: 1 } })
    await expectRefusal(call("GET", "/v1/me", { bearer }), 401, "invalid_token")
    expect((await call("GET", "/v1/me")).status).toBe(200)
  })
})

describe("access keys", () => {
  test("are shown once, work until they are deleted, and are kept as a digest", async () => {
    const created = await dataIn(
      call("POST", "/v1/access-keys", { body: { name: "CI" } }),
      AccessKeyCreated,
      201,
    )
    const bearer = created.key
    expect(bearer).toMatch(/^alchemy_ak_/)
    const me = await dataIn(call("GET", "/v1/me", { bearer }), Me)
    expect(me).toMatchObject({
      account: { email: "ada@example.com" },
      credential: { type: "access_key", accessKey: { id: created.id, name: "CI" } },
    })
    const listed = await call("GET", "/v1/access-keys", { bearer })
    const text = await listed.clone().text()
    expect(text).not.toContain(bearer)
    const { accessKeys } = await dataIn(listed, AccessKeyList)
    expect(accessKeys[0]).toMatchObject({ id: created.id, lastUsedAt: new Date(clock).toISOString() })
    const rows = await services.database.selectFrom("access_key").selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(bearer.slice(15, 58))
    await expectRefusal(
      call("DELETE", `/v1/access-keys/${created.id}`, { bearer: grace.token }),
      404,
      "not_found",
    )
    expect((await call("DELETE", `/v1/access-keys/${created.id}`)).status).toBe(204)
    await expectRefusal(call("GET", "/v1/me", { bearer }), 401, "invalid_token")
  })

  test("one with an expiry dies then", async () => {
    const body = { name: "short", expiresInSeconds: 60 }
    const { key, expiresAt } = await dataIn(call("POST", "/v1/access-keys", { body }), AccessKeyCreated, 201)
    expect(Date.parse(expiresAt ?? "")).toBe(clock + 60_000)
    clock += 59_000
    expect((await call("GET", "/v1/me", { bearer: key })).status).toBe(200)
    clock += 1_000
    await expectRefusal(call("GET", "/v1/me", { bearer: key }), 401, "invalid_token")
  })

  test.each<[unknown, RegExp]>([
    [{}, /^name: is required/],
    [{ name: "x", expiresInSeconds: 59 }, /^expiresInSeconds: must be at least 60/],
    [{ name: "x", expiresInSeconds: 1.5 }, /^expiresInSeconds: must be/],
    [{ name: "x", expiresInSeconds: "60" }, /^expiresInSeconds: must be/],
  ])("%j is refused, naming the field", async (body, message) => {
    await expectRefusal(call("POST", "/v1/access-keys", { body }), 400, "invalid_request", message)
  })
})

test("a disabled account's token and key are refused at once", async () => {
  const { token, session } = await signedIn("gone@example.com", "Gone")
  const { key } = await dataIn(
    call("POST", "/v1/access-keys", { bearer: token, body: { name: "x" } }),
    AccessKeyCreated,
    201,
  )
  await services.accounts.disable("gone@example.com")
  expect(await services.tokens.verify(token)).toMatchObject({ id: session.id })
  for (const bearer of [token, key])
    await expectRefusal(call("GET", "/v1/me", { bearer }), 401, "invalid_token")
})
