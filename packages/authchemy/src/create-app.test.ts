import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { Account, Accounts } from "./accounts/accounts.ts"
import { parseConfig } from "./config.ts"
import { createApp, type EmbeddedApp } from "./create-app.ts"
import { createLogger } from "./logging.ts"
import { openTokens } from "./services.ts"

const ISSUER = "http://localhost:4000"
const GRACE: Account = { id: "42", email: "grace@example.com", name: "Grace" }

let directory: string
let app: EmbeddedApp
let people: Map<string, Account>
let log: string[]
const env = () => ({ AUTHCHEMY_DATA_DIR: directory })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-create-app-"))
  people = new Map([[GRACE.id, GRACE]])
  log = []
  const accounts: Accounts = {
    async browserSession(request) {
      const id = /\bme=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1]
      // The host's own methods are called as methods.
      const account = id === undefined ? null : await this.find(id)
      return account === null ? null : { account, sessionId: `browser-of-${account.id}` }
    },
    find: async (id) => people.get(id) ?? null,
    signInUrl: (returnTo) => `/my-sign-in?return_to=${encodeURIComponent(returnTo)}`,
    signOut: async () => ["me=; Max-Age=0; Path=/"],
  }
  app = await createApp({ accounts, env: env(), logger: createLogger({ write: (line) => log.push(line) }) })
})
afterEach(async () => {
  await app.close()
  await rm(directory, { recursive: true })
})

const get = (path: string, headers: Record<string, string> = {}) =>
  app.fetch(new Request(`${ISSUER}${path}`, { headers }))
const page = async (path: string) => (await get(path, { cookie: "me=42" })).text()

/** A token of Grace's, as a command-line program has one. */
async function token(): Promise<string> {
  const tokens = await openTokens(parseConfig(env()), { logger: createLogger({ write: () => {} }) })
  try {
    const asked = { ...ALCHEMY_GRANT, accountId: GRACE.id, expiresInSeconds: 3600, device: {} }
    return (await tokens.createSession(asked)).token
  } finally {
    await tokens.close()
  }
}
const withToken = (path: string, bearer: string, init: RequestInit = {}) =>
  app.fetch(
    new Request(`${ISSUER}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    }),
  )

test("it says its own address, and answers for its stores", async () => {
  expect(app.issuer).toBe(ISSUER)
  expect((await get("/readyz")).status).toBe(200)
  expect(await (await get("/.well-known/oauth-authorization-server")).json()).toMatchObject({
    issuer: ISSUER,
  })
})

test("who is not signed in goes to the host's own page, and comes back", async () => {
  const response = await get("/sessions")
  expect(response.status).toBe(303)
  const location = new URL(response.headers.get("location") ?? "", ISSUER)
  expect([location.pathname, location.searchParams.get("return_to")]).toEqual(["/my-sign-in", "/sessions"])
})

test("pages for signing in are the host's, and nothing leads to any here", async () => {
  for (const path of ["/sign-in", "/create-account", "/forgot-password", "/security"])
    expect((await get(path, { cookie: "me=42" })).status).toBe(404)
  for (const path of ["/sessions", "/apps", "/access-keys", "/activity"]) {
    const html = await page(path)
    expect(html).toContain("grace@example.com")
    expect(html).not.toMatch(/href="\/(security|sign-in|create-account)/)
  }
})

test("a host's accounts are a host's, whatever fields they have", async () => {
  await app.close()
  const accounts: Accounts & { passwords: object; kind: string } = {
    browserSession: async () => ({ account: GRACE, sessionId: "browser" }),
    find: async () => GRACE,
    signInUrl: () => "/my-sign-in",
    signOut: async () => [],
    passwords: new Map(),
    kind: "built-in",
  }
  app = await createApp({ accounts, env: env(), logger: createLogger({ write: (line) => log.push(line) }) })
  expect((await get("/sessions")).status).toBe(200)
  for (const path of ["/sign-in", "/security"]) expect((await get(path)).status).toBe(404)
})

test("signing out is the host's cookie to take away", async () => {
  const response = await app.fetch(
    new Request(`${ISSUER}/sign-out`, {
      method: "POST",
      headers: { origin: ISSUER, cookie: "me=42", "content-type": "application/x-www-form-urlencoded" },
      body: "return_to=%2F",
    }),
  )
  expect(response.status).toBe(303)
  expect(response.headers.getSetCookie()).toEqual(["me=; Max-Age=0; Path=/"])
})

test("S48 somebody whom the host does not find any more is refused at once, and is back as soon as found", async () => {
  const bearer = await token()
  expect((await withToken("/v1/me", bearer)).status).toBe(200)
  people.delete(GRACE.id)
  expect((await withToken("/v1/me", bearer)).status).toBe(401)
  expect((await get("/sessions", { cookie: "me=42" })).status).toBe(303)
  people.set(GRACE.id, { ...GRACE, name: "Grace Hopper" })
  expect(await (await withToken("/v1/me", bearer)).text()).toContain("Grace Hopper")
})

test("S48 the host ends all sessions of an account", async () => {
  const [first, second] = [await token(), await token()]
  expect((await withToken("/v1/me", first)).status).toBe(200)
  expect(await app.endSessions(GRACE.id)).toBe(2)
  for (const bearer of [first, second]) expect((await withToken("/v1/me", bearer)).status).toBe(401)
  const activity = (await (await withToken("/v1/activity", await token())).json()) as {
    data: { events: { type: string; origin: unknown }[] }
  }
  const revoked = activity.data.events.filter(({ type }) => type === "token.revoked")
  const origin = { actor: "operator", address: null, agent: null }
  expect(revoked.map((event) => event.origin)).toEqual([origin, origin])
  expect(await app.endSessions(GRACE.id)).toBe(1)
  expect(await app.endSessions(GRACE.id)).toBe(0)
  expect(await app.endSessions("nobody")).toBe(0)
})

test("apps, access keys and activity are kept for people who are not in the database", async () => {
  const bearer = await token()
  const post = (path: string, body: object) =>
    withToken(path, bearer, { method: "POST", body: JSON.stringify(body) })
  expect((await post("/v1/apps", { name: "Demo", chainNetworks: ["ETH_MAINNET"] })).status).toBe(201)
  const made = await post("/v1/access-keys", { name: "CI" })
  expect(made.status).toBe(201)
  const { data } = (await made.json()) as { data: { key: string } }
  expect((await withToken("/v1/apps", data.key)).status).toBe(200)
  people.delete(GRACE.id)
  expect((await withToken("/v1/apps", data.key)).status).toBe(401)
  people.set(GRACE.id, GRACE)
  const { data: activity } = (await (await withToken("/v1/activity", bearer)).json()) as {
    data: { events: { type: string }[] }
  }
  expect(activity.events.map(({ type }) => type)).toContain("access_key.created")
  expect(log.join("")).not.toContain(data.key)
})

test("a configuration that cannot be used is told before anything is opened", async () => {
  const accounts = {} as Accounts
  await expect(createApp({ accounts, env: { AUTHCHEMY_PORT: "x" } })).rejects.toMatchObject({
    code: "config_invalid",
  })
})
