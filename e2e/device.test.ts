import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { hostname } from "node:os"
import { resolve } from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { launchChromium } from "./chromium.ts"
import { ada, createWorld, onRedis, statusWith, tokenOf, type World } from "./people.ts"
import { createAccount } from "./processes.ts"
import { openTerminal } from "./terminal.ts"

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const alchemyBin = resolve(import.meta.dirname, "../bin/alchemy")
const grace = { email: "grace@example.com", password: "another long password", name: "Grace" }
const PHONE = { viewport: { width: 390, height: 844 } }

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld("device", onRedis(9))
  await createAccount(world.server, grace)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await world.remove()
})

const signInWith = async (page: Page, person: { email: string; password: string }) => {
  await page.getByLabel("Email").fill(person.email)
  await page.getByLabel("Password").fill(person.password)
  await page.getByRole("button", { name: "Sign in", exact: true }).click()
}

/** `alchemy auth login --device` under way, with what its event says. */
async function startDevice() {
  const login = world.alchemy.start("auth", "login", "--device")
  const [, json = ""] = await login.shows(/(\{"event":"device_code".*\})/)
  const shown = JSON.parse(json) as {
    userCode: string
    phrase: string
    verificationUri: string
    verificationUriComplete: string
  }
  return { login, ...shown }
}

async function withContext<T>(options: object, work: (context: BrowserContext) => Promise<T>): Promise<T> {
  const context = await browser.newContext(options)
  try {
    return await work(context)
  } finally {
    await context.close()
  }
}

test("in a terminal without display, `alchemy auth` shows code and QR, a phone approves, and it ends signed in", async () => {
  const env = { ...world.alchemy.env, HOME: world.home }
  const terminal = await openTerminal(`${alchemyBin} auth`, { env, columns: 80, rows: 40 })
  try {
    const screen = await terminal.shows(/Waiting for your approval/)
    expect(screen).toMatch(/▀|▄/)
    expect(screen).toContain("/device")
    // The random parts of the address above may look like a code.
    const [, userCode = ""] = /enter the code\s+([A-Z]{4}-[A-Z]{4})/.exec(screen) ?? []
    const [, phrase = ""] = /these words:\s+([a-z]+(?:-[a-z]+){3})/.exec(screen) ?? []
    await withContext({ ...PHONE, javaScriptEnabled: false }, async (context) => {
      const page = await context.newPage()
      await page.goto(`${world.server.url}/device?user_code=${userCode}`)
      await signInWith(page, ada)
      // S40: the address alone approves nothing, it asks.
      await page.getByText(userCode).waitFor()
      await page.getByRole("button", { name: "Continue" }).click()
      // S41
      const text = (await page.getByRole("main").textContent()) ?? ""
      for (const part of [
        userCode,
        phrase,
        "alchemy-cli/",
        hostname(),
        "127.0.0.1",
        "ago",
        "Did you start this?",
      ]) {
        expect(text).toContain(part)
      }
      await page.getByRole("button", { name: "Approve" }).click()
      await page.getByRole("heading", { name: "Approved" }).waitFor()
    })
    const done = await terminal.shows(/\[exit \d+\]/)
    expect(done).toContain(`Signed in as ${ada.email}`)
    expect(done).toContain("[exit 0]")
    expect(await statusWith(world.server, await tokenOf(world))).toBe(200)
  } finally {
    await terminal.close()
    await world.alchemy.run("auth", "logout")
  }
})

test("beside the code, the address works in a browser on this very machine, and the first of both wins", async () => {
  const login = world.alchemy.start("auth", "login", "--port", "0")
  const [, url = ""] = await login.shows(/"event":"approval","url":"([^"]+)"/)
  const [, devicePhrase = ""] = await login.shows(/"event":"device_code".*"phrase":"([^"]+)"/)
  await withContext({}, async (context) => {
    const page = await context.newPage()
    await page.goto(url)
    await signInWith(page, ada)
    await page.getByText(devicePhrase).waitFor()
    await page.getByRole("button", { name: "Approve" }).click()
    await page.waitForURL(/\/callback\?code=/)
  })
  expect(await login.finished).toMatchObject({ code: 0 })
  await world.alchemy.run("auth", "logout")
})

test("S44 Deny is told to the terminal", async () => {
  const { login, userCode, verificationUri } = await startDevice()
  await withContext(PHONE, async (context) => {
    const page = await context.newPage()
    await page.goto(verificationUri)
    await signInWith(page, ada)
    await page.getByLabel("Code").fill(userCode.toLowerCase().replace("-", " "))
    await page.getByRole("button", { name: "Continue" }).click()
    await page.getByRole("button", { name: "Deny" }).click()
    await page.getByRole("heading", { name: "Denied" }).waitFor()
  })
  const finished = await login.finished
  expect(finished.code).toBe(3)
  expect(finished.stderr).toContain("LOGIN_DENIED")
})

test("S42 what one account has claimed, another cannot decide on, until the first lets go of it", async () => {
  const { login, userCode, verificationUriComplete } = await startDevice()
  await withContext({}, async (contextA) => {
    const pageA = await contextA.newPage()
    await pageA.goto(verificationUriComplete)
    await signInWith(pageA, ada)
    await pageA.getByRole("button", { name: "Continue" }).click()
    await pageA.getByRole("button", { name: "Approve" }).waitFor()
    await withContext({}, async (contextB) => {
      const pageB = await contextB.newPage()
      await pageB.goto(verificationUriComplete)
      await signInWith(pageB, grace)
      await pageB.getByRole("button", { name: "Continue" }).click()
      await pageB.getByRole("alert").waitFor()
      expect(await pageB.getByRole("alert").textContent()).toContain("Another account")
    })
    await pageA.getByRole("button", { name: "Use another account" }).click()
    await signInWith(pageA, grace)
    await pageA.getByText(userCode).waitFor()
    await pageA.getByRole("button", { name: "Continue" }).click()
    await pageA.getByRole("button", { name: "Approve" }).click()
    await pageA.getByRole("heading", { name: "Approved" }).waitFor()
  })
  expect((await login.finished).code).toBe(0)
  const status = await world.alchemy.run("auth", "status")
  expect(status.stdout).toContain(grace.email)
  await world.alchemy.run("auth", "logout")
})

describe.each(["light", "dark"] as const)("accessibility of the device pages, %s", (colorScheme) => {
  test.each([
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 360, height: 740 }],
  ])("axe-core finds nothing on any page at %s width", async (_width, viewport) => {
    const { login, userCode, verificationUri, verificationUriComplete } = await startDevice()
    await withContext({ colorScheme, viewport }, async (context) => {
      const page = await context.newPage()
      const audit = async () => {
        await page.evaluate(axeSource)
        const violations = await page.evaluate("axe.run().then(({ violations }) => violations)")
        expect(violations, page.url()).toEqual([])
        const wide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        expect(wide, `${page.url()} scrolls sideways`).toBe(false)
      }
      await page.goto(verificationUri)
      await signInWith(page, ada)
      await audit()
      await page.getByLabel("Code").fill("nonsense")
      await page.getByRole("button", { name: "Continue" }).click()
      await page.getByRole("alert").waitFor()
      await audit()
      await page.goto(verificationUriComplete)
      await page.getByText(userCode).waitFor()
      await audit()
      await page.getByRole("button", { name: "Continue" }).click()
      await page.getByRole("button", { name: "Approve" }).waitFor()
      await audit()
      await page.getByRole("button", { name: "Deny" }).click()
      await page.getByRole("heading", { name: "Denied" }).waitFor()
      await audit()
    })
    login.child.kill("SIGINT")
    expect((await login.finished).code).not.toBe(0)
  })
})
