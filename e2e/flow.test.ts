import { join } from "node:path"
import {
  createCredentialStore,
  logOut,
  openJsonFile,
  performBrowserLogin,
  retryPendingRevocations,
  type SignInError,
} from "@authchemy/cli-sign-in"
import { createLogger } from "authchemy"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parseConfig } from "../packages/authchemy/src/config.ts"
import { createServerApp } from "../packages/authchemy/src/server-app.ts"
import { openServices, type Services } from "../packages/authchemy/src/services.ts"
import { ada, onRedis } from "./people.ts"
import { temporaryDirectory } from "./processes.ts"
import { createStandIn, signInAndDecide } from "./stand-in.ts"

// Client and server in one process: the client's `fetch` is the app's. Only the callback listener is on the network.
const ISSUER = "http://localhost:4000"

describe.each([
  ["SQLite", () => ({})],
  ["Redis", () => onRedis(5)],
])("sign-in and sign-out in process, on %s", (_store, env) => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let services: Services
  let send: typeof fetch
  let offline = false
  const config = () => parseConfig({ AUTHCHEMY_DATA_DIR: join(directory.path, "server"), ...env() })

  beforeAll(async () => {
    directory = await temporaryDirectory("flow")
    services = await openServices(config())
    await services.accounts.administration.create(ada)
    const app = createServerApp({
      config: config(),
      services,
      now: Date.now,
      logger: createLogger({ write: () => {} }),
      ready: services.ready,
    })
    send = async (target, init) => {
      const request = new Request(target, init)
      if (!request.url.startsWith(ISSUER)) return fetch(request)
      if (offline) throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } })
      return app.request(request)
    }
  })
  afterAll(async () => {
    await services.close()
    await directory.remove()
  })

  const store = () => {
    const path = join(directory.path, "config.json")
    const file = openJsonFile({ path, onWarning: (warning) => expect.fail(warning) })
    return createCredentialStore({ file, fileDescription: `config file ${path}` })
  }

  /** One sign-in with the stand-in as the person; `decide` gets the URL that the terminal would show. */
  async function signIn(decide: (url: string) => Promise<unknown>) {
    let decision: Promise<unknown> = Promise.resolve()
    const login = performBrowserLogin({
      authUrl: ISSUER,
      client: "example-cli/1.0.0",
      device: { name: "laptop", os: "Linux" },
      port: 0,
      openBrowser: null,
      fetch: send,
      save: async ({ credential, account }) => void (await store().save(credential, { account })),
      onEvent: (event) => {
        if (event.type === "approval") decision = decide(event.url)
      },
    })
    const result = await login
    await decision
    return result
  }
  const standIn = () => createStandIn({ fetch: send })
  const approve = (url: string) => signInAndDecide(ada, url, "Approve", standIn())

  test("what the person approved is what the engine keeps", async () => {
    const { credential, account } = await signIn(approve)
    expect(account).toMatchObject({ email: ada.email })
    expect(await store().load()).toEqual(credential)
    const session = await services.tokens.verify(credential.token)
    expect(session?.device).toEqual({ name: "laptop", os: "Linux", client: "example-cli/1.0.0" })
    expect(await logOut({ store: store(), authUrl: ISSUER, fetch: send })).toEqual({
      server: "revoked",
      erased: true,
    })
    expect(await services.tokens.verify(credential.token)).toBeNull()
    expect(await store().load()).toBeNull()
  })

  test("a sign-out that could not be delivered is delivered later", async () => {
    const { credential } = await signIn(approve)
    offline = true
    expect(await logOut({ store: store(), authUrl: ISSUER, fetch: send })).toEqual({
      server: "pending",
      reason: "connection refused",
      erased: true,
    })
    expect(await services.tokens.verify(credential.token)).not.toBeNull()
    offline = false
    expect(await retryPendingRevocations({ store: store(), fetch: send })).toEqual({
      confirmed: 1,
      remaining: 0,
    })
    expect(await services.tokens.verify(credential.token)).toBeNull()
    expect(await store().pendingRevocations()).toEqual([])
  })

  test("S25 an attacker's code in the victim's flow gets the victim nothing, and the attacker nothing", async () => {
    const theft = signIn(async (url) => {
      const victim = new URL(url)
      const attackers = new URL(url)
      attackers.searchParams.set("code_challenge", "A".repeat(43))
      return signInAndDecide(ada, attackers.href, "Approve", standIn()).then((page) => {
        expect(page.url).toContain(victim.searchParams.get("redirectUrl"))
      })
    })
    await expect(theft).rejects.toMatchObject({ code: "refused" } satisfies Partial<SignInError>)
    expect(await store().load()).toBeNull()
  })

  test("S12 a denial carries `iss` and ends the sign-in at once", async () => {
    const denial = signIn(async (url) => {
      const page = await signInAndDecide(ada, url, "Deny", standIn())
      expect(new URL(page.url).searchParams.get("iss")).toBe(ISSUER)
    })
    await expect(denial).rejects.toMatchObject({ code: "denied" } satisfies Partial<SignInError>)
  })
})
