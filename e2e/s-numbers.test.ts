import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../packages/authchemy/src/routes/testing.ts"
import { askingDevice, loginUrl } from "./every-page/programs.ts"
import { fill, press, signIn } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import { agreeAtUpstream } from "./people/provider.ts"
import { openProviderWorld, type ProviderWorld } from "./people/provider-world.ts"
import { cookieHeader, send } from "./people/requests.ts"

// Rows of the security list that are about all pages at once, against a server process. Which paths there are is asked of the app itself, so that none is
// left out that comes later.

const PAGE = { accept: "text/html" }
const EVIL = { origin: "https://evil.example", "sec-fetch-site": "cross-site" }
/** Paths that take a form without a token of their own: they change nothing of an account that this browser is signed in to, or end its own session. */
const WITHOUT_TOKEN = new Set([
  ...["/sign-in", "/sign-in/passkey", "/sign-in/passkey/options", "/sign-in/second-factor"],
  ...["/sign-in/providers/:id", "/create-account", "/verify-email", "/forgot-password", "/reset-password"],
  ...["/sign-out", "/security/passkeys/options"],
])
const isForPrograms = (path: string) =>
  /^\/(api|v1|\.well-known|assets|healthz|readyz)(\/|$)/.test(path) ||
  (path.startsWith("/oauth/") && path !== "/oauth/authorize")

let world: ProviderWorld
let under: AppUnderTest
let ada: Person
/** Ada's browser, as a `Cookie` header. */
let cookie: string
let ids: { app: string; key: string }
beforeAll(async () => {
  world = await openProviderWorld("SQLite", "s_numbers")
  under = await openAppUnderTest()
  ada = await world.newPerson()
  const page = await world.newPage()
  await page.goto(`${world.server.url}/apps`)
  await signIn(page, ada)
  await fill(page, { Name: "Website" })
  await page.locator('input[name="network.ETH_MAINNET"]').check()
  await press(page, "Create app")
  const app = new URL(page.url()).pathname.split("/")[2] ?? ""
  await page.goto(`${world.server.url}/access-keys`)
  await fill(page, { Name: "CI" })
  await press(page, "Create key")
  await page.goto(`${world.server.url}/access-keys`)
  const link = await page.getByRole("link", { name: "Delete", exact: true }).getAttribute("href")
  ids = { app, key: link?.split("/")[2] ?? "" }
  cookie = cookieHeader(await page.context().cookies())
})
afterAll(async () => {
  await Promise.all([world.remove(), under.close()])
})

/** The paths that take a method. */
function pathsOf(method: "GET" | "POST"): string[] {
  const paths = under.app.routes.filter((route) => route.method === method).map(({ path }) => path)
  return [...new Set(paths)]
}

/** With what stands for `:id` at this server. */
function filledIn(path: string): string {
  if (path.startsWith("/apps/")) return path.replace(":id", ids.app)
  if (path.startsWith("/access-keys/")) return path.replace(":id", ids.key)
  return path.replace(":id", "example")
}

describe("every page", () => {
  const visits = () =>
    pathsOf("GET")
      .filter((path) => !isForPrograms(path))
      .flatMap((path) => [
        { path, headers: { ...PAGE, cookie } },
        { path, headers: PAGE },
      ])

  test("S13 can be shown in no frame, redirects and refusals among them", async () => {
    const pages = new Set<string>()
    for (const { path, headers } of visits()) {
      const answer = await send(world.server.url + filledIn(path), { headers })
      expect(answer.headers["x-frame-options"], path).toBe("DENY")
      expect(answer.headers["content-security-policy"], path).toContain("frame-ancestors 'none'")
      if (answer.status === 200) pages.add(path)
    }
    for (const path of [
      ...["/", "/sign-in", "/create-account", "/forgot-password", "/verify-email", "/device"],
      ...["/sessions", "/access-keys", "/access-keys/:id/delete", "/apps", "/apps/:id", "/apps/:id/delete"],
      ...["/security", "/security/providers/:id/link", "/activity"],
    ])
      expect(pages, "a page that was there to be looked at").toContain(path)
  })

  test("S20 says no address to others, is kept by nobody, and loads nothing from elsewhere", async () => {
    const approval = loginUrl(world.server, { client: "x/1", address: "127.0.0.1" })
    const more = [approval.slice(world.server.url.length), "/no-such-page", "/reset-password?token=x"]
    const all = [...visits(), ...more.map((path) => ({ path, headers: { ...PAGE, cookie } }))]
    for (const { path, headers } of all) {
      const answer = await send(world.server.url + filledIn(path), { headers })
      expect(answer.headers["referrer-policy"], path).toBe("no-referrer")
      expect(answer.headers["cache-control"], path).toBe("no-store")
      const policy = answer.headers["content-security-policy"] ?? ""
      expect(policy, path).toContain("default-src 'none'")
      expect(policy, path).not.toMatch(/unsafe|\*/)
      expect(answer.text, path).not.toMatch(/<script>|\son\w+="|\sstyle="|\s(?:src|href)="(?:https?:)?\/\//)
    }
  })

  test("S20 every answer to a program says no address to others and is kept by nobody, refusals among them", async () => {
    const paths = pathsOf("POST").filter((path) => isForPrograms(path) || path.endsWith("/options"))
    expect(paths.length).toBeGreaterThan(8)
    for (const path of [...paths, "/v1/me"]) {
      const method = path === "/v1/me" ? "GET" : "POST"
      const answer = await send(world.server.url + filledIn(path), { method, fields: {} })
      expect(answer.headers["cache-control"], path).toBe("no-store")
      expect(answer.headers["referrer-policy"], path).toBe("no-referrer")
    }
  })
})

describe("every form", () => {
  test("S16 from a foreign page: 403, whatever it carries", async () => {
    const token = await formToken()
    for (const path of pathsOf("POST").filter((one) => !isForPrograms(one))) {
      for (const foreign of [EVIL, { origin: "https://evil.example" }, { "sec-fetch-site": "same-site" }]) {
        const headers = { ...PAGE, ...foreign, cookie }
        const fields = { form_token: token, session: "all", email: ada.email, password: ada.password }
        const answer = await send(world.server.url + filledIn(path), { method: "POST", headers, fields })
        expect([path, answer.status]).toEqual([path, 403])
        expect(answer.headers["set-cookie"], path).toBeUndefined()
      }
    }
  })

  test("S16 of somebody who is signed in: without its token, or with another browser's, 403", async () => {
    const page = await world.newPage()
    await page.goto(`${world.server.url}/apps`)
    await signIn(page, ada)
    const others = await page.locator("input[name=form_token]").first().inputValue()
    const paths = pathsOf("POST").filter((path) => !isForPrograms(path) && !WITHOUT_TOKEN.has(path))
    expect(paths.length).toBeGreaterThan(15)
    const headers = { ...PAGE, origin: world.server.url, "sec-fetch-site": "same-origin", cookie }
    for (const path of paths) {
      for (const given of [{}, { form_token: others }, { form_token: "x" }]) {
        const fields = { ...given, session: "all", decision: "approve", password: ada.password }
        const answer = await send(world.server.url + filledIn(path), { method: "POST", headers, fields })
        expect([path, answer.status]).toEqual([path, 403])
      }
    }
    await page.context().close()
  })

  async function formToken(): Promise<string> {
    const { text } = await send(`${world.server.url}/apps`, { headers: { ...PAGE, cookie } })
    return /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? ""
  }
})

describe("S15 a way back that leads elsewhere", () => {
  const ELSEWHERE = [
    ...[
      "//evil.example",
      "/\\evil.example",
      "https:evil.example",
      "https://evil.example/",
      "\\\\evil.example",
    ],
    ...[
      "/\t/evil.example",
      "/%0d%0aSet-Cookie:x=y/..//evil.example",
      "javascript:alert(1)",
      "/..//evil.example",
    ],
  ]

  test("is home, wherever it is given", async () => {
    const origin = { ...PAGE, origin: world.server.url, "sec-fetch-site": "same-origin" }
    for (const target of ELSEWHERE) {
      const stays = (location: string | undefined) => {
        expect(location, target).toBeDefined()
        expect(new URL(location ?? "", world.server.url).origin, target).toBe(world.server.url)
        expect(location, target).not.toMatch(/^\/[/\\]/)
      }
      const query = `return_to=${encodeURIComponent(target)}`
      for (const path of ["/sign-in", "/create-account"]) {
        const signedIn = await send(`${world.server.url}${path}?${query}`, { headers: { ...PAGE, cookie } })
        expect(signedIn.status).toBe(303)
        stays(signedIn.headers.location)
      }
      for (const path of ["/sign-in", "/create-account", "/forgot-password", "/verify-email?sent=1"]) {
        const { text } = await send(`${world.server.url}${path}${path.includes("?") ? "&" : "?"}${query}`)
        expect(text, `${path} ${target}`).not.toContain("evil.example")
      }
      const fields = { return_to: target, email: ada.email, password: ada.password }
      const posted = await send(`${world.server.url}/sign-in`, { method: "POST", headers: origin, fields })
      expect(posted.status).toBe(303)
      stays(posted.headers.location)
      const left = await send(`${world.server.url}/sign-out`, { method: "POST", headers: origin, fields })
      stays(left.headers.location)
    }
  })

  test("from an upstream provider, where it is checked again when it is used", async () => {
    for (const target of ELSEWHERE.slice(0, 3)) {
      const page = await world.newPage()
      await page.goto(`${world.server.url}/sign-in`)
      const button = page.getByRole("button", { name: "Continue with Example Company" })
      const input = page.locator("form", { has: button }).locator("input[name=return_to]")
      await input.evaluate((element, value) => element.setAttribute("value", value), target)
      await button.click()
      await agreeAtUpstream(page, world.known())
      await page.waitForURL(`${world.server.url}/`)
      await page.context().close()
    }
  })
})

test("S33 a forged Host or X-Forwarded-Host changes no address that is told", async () => {
  const forged = { host: "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" }
  const device = await askingDevice(world.server, { client: "x/1", address: "127.0.0.1" })
  expect(device.url.startsWith(`${world.server.url}/device`)).toBe(true)
  for (const [method, path, fields] of [
    ["GET", "/.well-known/oauth-authorization-server", undefined],
    ["GET", "/sign-in", undefined],
    ["GET", "/", undefined],
    ["POST", "/sign-in/providers/example", { return_to: "/" }],
    ["POST", "/oauth/device_authorization", { client_id: "alchemy-cli" }],
  ] as const) {
    const headers = { ...PAGE, ...forged }
    const answer = await send(world.server.url + path, { method, headers, ...(fields ? { fields } : {}) })
    expect(answer.status, path).toBeLessThan(500)
    expect(JSON.stringify([answer.headers, answer.text]), path).not.toContain("evil.example")
  }
})
