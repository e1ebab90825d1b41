import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { launchChromium } from "./chromium.ts"
import { statusWith, urlShownBy } from "./people.ts"
import { alchemyFor, type Running, run, temporaryDirectory } from "./processes.ts"
import { freePort } from "./start-redis.ts"

const PROGRAM = resolve(import.meta.dirname, "../examples/own-accounts/server.ts")
const PASSWORD = "the password that was chosen"

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let running: Running
let server: { url: string }
let alchemy: ReturnType<typeof alchemyFor>
let browser: Browser
let log = ""

beforeAll(async () => {
  directory = await temporaryDirectory("own-accounts")
  const port = await freePort()
  server = { url: `http://localhost:${port}` }
  const env = {
    AUTHCHEMY_PORT: String(port),
    AUTHCHEMY_DATA_DIR: join(directory.path, "server"),
    PASSWORD,
    COOKIE_SECRET: "the secret that cookies are signed with",
  }
  running = run("node", ["--conditions=authchemy-source", PROGRAM], { env })
  for (const stream of [running.child.stdout, running.child.stderr]) {
    stream?.on("data", (text: string) => {
      log += text
    })
  }
  await running.shows(/listening on/)
  alchemy = alchemyFor({ home: directory.path, authUrl: server.url })
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  running.child.kill()
  await running.finished
  await directory.remove()
})

const post = (body: Record<string, string>) =>
  fetch(`${server.url}/my-sign-in`, { method: "POST", body: new URLSearchParams(body), redirect: "manual" })

test("from `alchemy auth login` by the application's own page to a token, and back", async () => {
  const login = alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const page = await browser.newPage()
  await page.goto(await urlShownBy(login))
  expect(new URL(page.url()).pathname).toBe("/my-sign-in")
  await page.getByLabel("Email").fill("ada@example.com")
  await page.getByLabel("Password").fill(PASSWORD)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("button", { name: "Approve" }).click()
  await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/)
  expect((await login.finished).code).toBe(0)

  expect(JSON.parse((await alchemy.run("auth", "status")).stdout)).toMatchObject({
    account: { email: "ada@example.com", name: "Ada" },
  })
  const token = (await alchemy.run("auth", "token")).stdout.trim()
  expect(await statusWith(server, token)).toBe(200)
  const made = await alchemy.run("apps", "create", "--name", "Demo", "--networks", "ETH_MAINNET")
  expect(made.code).toBe(0)

  await page.goto(`${server.url}/sessions`)
  const menu = page.getByRole("navigation", { name: "Your account" })
  expect(await menu.getByRole("link").allTextContents()).not.toContain("Security")
  await page.goto(`${server.url}/apps`)
  expect(await page.getByRole("main").textContent()).toContain("Demo")
  await page.goto(`${server.url}/activity`)
  expect(await page.getByRole("main").textContent()).toContain("was given a token")

  expect((await alchemy.run("auth", "logout")).code).toBe(0)
  expect(await statusWith(server, token)).toBe(401)

  await page.getByRole("button", { name: "Sign out" }).click()
  await page.goto(`${server.url}/sessions`)
  expect(new URL(page.url()).pathname).toBe("/my-sign-in")
  await page.close()
  expect(log).not.toContain(token)
  expect(log).not.toContain(PASSWORD)
})

test("there is no page for signing in but the application's", async () => {
  for (const path of ["/sign-in", "/create-account", "/forgot-password", "/security"])
    expect((await fetch(`${server.url}${path}`)).status).toBe(404)
  expect((await post({ email: "ada@example.com", password: "wrong" })).status).toBe(401)
})

test("a cookie that the application has not signed is nobody's", async () => {
  const right = await post({ email: "ada@example.com", password: PASSWORD, return_to: "/sessions" })
  const [cookie = ""] = right.headers.getSetCookie().map((value) => value.split(";")[0] ?? "")
  const landing = async (sent: string) =>
    (await fetch(`${server.url}/sessions`, { headers: { cookie: sent }, redirect: "manual" })).status
  expect(await landing(cookie)).toBe(200)
  expect(await landing(cookie.replace("me=1.", "me=2."))).toBe(303)
  expect(await landing("me=1.abc")).toBe(303)
})

test("S15 after signing in, nobody is sent elsewhere", async () => {
  for (const [asked, sent] of [
    ["/device?x=1", "/device?x=1"],
    ["//evil.test", "/"],
    ["/\\evil.test", "/"],
    ["/\t/evil.test", "/"],
    ["https:evil.test", "/"],
  ] as const) {
    const response = await post({ email: "ada@example.com", password: PASSWORD, return_to: asked })
    expect([response.status, response.headers.get("location")]).toEqual([303, sent])
  }
})

test("the example stays under sixty lines, and the documents say how many it has", async () => {
  const lines = (await readFile(PROGRAM, "utf8")).trimEnd().split("\n").length
  expect(lines).toBeLessThan(60)
  const embedding = await readFile(resolve(import.meta.dirname, "../docs/embedding.md"), "utf8")
  expect(embedding).toContain(`in ${lines} lines`)
})
