import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { Hono } from "hono"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { AppEnv } from "../../middleware/request-log.ts"
import { useSite } from "../../middleware/site.ts"
import { createSite } from "../../pages/site.ts"
import { createFormTokens } from "../form-token.ts"
import { type AppUnderTest, approve, form, ISSUER, openAppUnderTest } from "../testing.ts"
import { type AccountPagesDeps, accountRoutes } from "./routes.ts"
import { type BrowserUnderTest, openBrowserUnderTest, seeOther } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest
/** Paths of pages that there are. */
let pages: string[]
/** Where forms are posted, and the page that each is on. */
let forms: [path: string, page: string][]

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
  const [, location] = seeOther(await ann.post("/apps", { name: "shop", "network.ETH_MAINNET": "on" }))
  const app = location?.split("?")[0] ?? ""
  await ann.post("/access-keys", { name: "CI", expires: "90" })
  const key = /href="(\/access-keys\/key_[\w-]+\/delete)"/.exec(await ann.page("/access-keys"))?.[1] ?? ""
  const grant = { ...ALCHEMY_GRANT, accountId: ann.accountId, expiresInSeconds: 86_400, device: {} }
  for (let count = 0; count < 2; count++) await under.tokens.createSession(grant)
  await approve(under, ann.cookie)
  pages = ["/", "/sessions", "/access-keys", key, "/apps", app, `${app}/delete`, "/activity"]
  forms = [
    ["/sessions", "/sessions"],
    ["/access-keys", "/access-keys"],
    [key, "/access-keys"],
    ["/apps", "/apps"],
    [app, app],
    [`${app}/networks`, app],
    [`${app}/address-allowlist`, app],
    [`${app}/origin-allowlist`, app],
    [`${app}/ip-allowlist`, app],
    [`${app}/delete`, app],
  ]
})
afterAll(() => under.close())

describe("every page of somebody who is signed in", () => {
  test("S13 S20 cannot be framed or cached, leaks no address and loads nothing from elsewhere", async () => {
    for (const path of pages) {
      const response = await ann.get(path)
      expect([path, response.status]).toEqual([path, 200])
      const { headers } = response
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'")
      expect(headers.get("content-security-policy")).not.toContain("unsafe")
      expect(headers.get("x-frame-options")).toBe("DENY")
      expect(headers.get("referrer-policy")).toBe("no-referrer")
      expect(headers.get("cache-control")).toBe("no-store")
      expect(await response.text()).not.toMatch(/<script>|\son\w+="|style="|(?:src|href)="(?:https?:)?\/\//)
    }
  })

  test("has one h1, ids that stand once, labels and descriptions that lead somewhere, and a title", async () => {
    for (const path of pages) {
      const page = await ann.page(path)
      expect(page.match(/<h1[ >]/g)).toHaveLength(1)
      const ids = Array.from(page.matchAll(/\sid="([^"]+)"/g), ([, id = ""]) => id)
      expect([path, ids.length]).toEqual([path, new Set(ids).size])
      const references = page.matchAll(/\s(?:for|aria-describedby|data-copy)="#?([^"]+)"/g)
      for (const [, targets = ""] of references)
        for (const target of targets.split(" ")) expect(ids, `${path}: ${target}`).toContain(target)
      expect(page).toMatch(/<title>[^<]+ · Authchemy<\/title>/)
    }
  })

  test("weighs less than 30 kB with its style and scripts", async () => {
    const weightOf = async (path: string) => (await (await ann.get(path)).arrayBuffer()).byteLength
    for (const path of pages) {
      const page = await ann.page(path)
      const assets = Array.from(page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g), ([, asset = ""]) => asset)
      const weights = await Promise.all([path, ...new Set(assets)].map(weightOf))
      expect(weights.reduce((sum, weight) => sum + weight)).toBeLessThan(30_000)
    }
  })

  test("without a browser session: 303 to sign-in, which leads back", async () => {
    for (const path of [...pages, "/activity?cursor=x"]) {
      const target = `/sign-in?return_to=${encodeURIComponent(path)}`
      expect(seeOther(await under.app.request(path))).toEqual([303, target])
    }
    for (const [path, page] of forms) {
      const target = `/sign-in?return_to=${encodeURIComponent(page)}`
      expect(seeOther(await under.app.request(path, form({})))).toEqual([303, target])
    }
  })
})

describe("every form of somebody who is signed in", () => {
  test("S16 without its token, or with another browser's, is refused: 403", async () => {
    const second = await openBrowserUnderTest(under)
    const bob = await openBrowserUnderTest(under, "bob@example.com")
    const wrong = ["", "x", await second.formToken("/sessions"), await bob.formToken("/apps")]
    for (const [path] of forms)
      for (const form_token of wrong) {
        const response = await ann.post(path, { form_token }, "/apps")
        expect([path, response.status]).toEqual([path, 403])
      }
  })

  test("S16 from a foreign page is refused, whatever it carries: 403", async () => {
    const form_token = await ann.formToken("/apps")
    const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site", Cookie: ann.cookie }
    for (const [path] of forms) {
      const response = await under.app.request(path, form({ form_token, session: "all" }, foreign))
      expect([path, response.status]).toEqual([path, 403])
    }
  })

  test("takes forms only, and each field once", async () => {
    const form_token = await ann.formToken("/apps")
    for (const [path] of forms) {
      const json = { Cookie: ann.cookie, "Content-Type": "application/json" }
      expect((await under.app.request(path, form({ form_token }, json))).status).toBe(415)
      const twice = { ...form({}, { Cookie: ann.cookie }), body: `form_token=${form_token}&form_token=x` }
      expect((await under.app.request(path, twice)).status).toBe(400)
    }
  })

  test("whoever opens its address, as by loading a refused form's page again, sees a page", async () => {
    for (const [path, page] of forms) {
      const response = await ann.get(path)
      if (pages.includes(path)) expect([path, response.status]).toEqual([path, 200])
      else expect([path, ...seeOther(response)]).toEqual([path, 303, page])
    }
  })

  test("a path that takes none says so", async () => {
    const response = await under.app.request("/activity", {
      method: "POST",
      headers: { Cookie: ann.cookie },
    })
    expect(response.status).toBe(405)
  })
})

test("where the accounts are a host application's, there are no browsers to end", async () => {
  const account = { id: ann.accountId, email: "ann@example.com", name: "Ann" }
  const { tokens, audit } = under
  const now = () => under.clock.now
  const accounts: AccountPagesDeps["accounts"] = {
    browserSession: async () => ({ account, sessionId: "host" }),
    find: async () => account,
    signInUrl: (returnTo) => `/host?back=${encodeURIComponent(returnTo)}`,
    signOut: async () => [],
  }
  const formTokens = createFormTokens({ secret: "0123456789abcdef0123456789abcdef", tokens, now })
  const unused = {} as never
  const deps: AccountPagesDeps = {
    ...{ issuer: ISSUER, accounts, builtIn: null, tokens, audit, formTokens, now },
    ...{ apps: unused, accessKeys: unused, clientAddress: () => "unknown" },
  }
  const host = new Hono<AppEnv>()
  const brand = { name: "Host", logo: null, accent: null }
  host.use(useSite(createSite(brand, { hasSecurityPage: false })))
  const sessions = accountRoutes(deps)["/sessions"]
  if (sessions?.get === undefined || sessions.post === undefined) throw new Error("no page of sessions")
  host.get("/sessions", sessions.get).post("/sessions", sessions.post)
  const page = await (await host.request("/sessions")).text()
  expect(page).toContain("Command-line programs")
  expect(page).not.toContain("Browsers")
  const answer = await host.request(
    "/sessions",
    form({ form_token: formTokens.issue({ account, sessionId: "host" }), browser: "others" }),
  )
  expect(seeOther(answer)).toEqual([303, "/sessions?ended=nothing"])
})
