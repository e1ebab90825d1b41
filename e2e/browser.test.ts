import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { hostname } from "node:os"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { launchChromium } from "./chromium.ts"
import { ada, createWorld, signIn, tokenOf, urlShownBy, type World } from "./people.ts"

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld("browser")
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await world.remove()
})
afterEach(async () => {
  await world.alchemy.run("auth", "logout")
})

const signInWith = async (page: Page, person: { email: string; password: string }) => {
  await page.getByLabel("Email").fill(person.email)
  await page.getByLabel("Password").fill(person.password)
  await page.getByRole("button", { name: "Sign in", exact: true }).click()
}

describe.each([
  ["JavaScript", true],
  ["no JavaScript", false],
])("in Chromium with %s", (_name, javaScriptEnabled) => {
  const options: BrowserContextOptions = { javaScriptEnabled }

  test("from the URL that the terminal shows to the page at the callback", async () => {
    const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
    const url = await urlShownBy(login)
    const [, phrase = ""] = await login.shows(/"phrase":"([^"]+)"/)
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const foreign: string[] = []
    page.on("request", (request) => {
      if (!/^(localhost|127\.0\.0\.1)$/.test(new URL(request.url()).hostname)) foreign.push(request.url())
    })
    await page.goto(url)
    await signInWith(page, ada)
    await page.getByText(phrase).waitFor()
    expect(await page.getByRole("main").textContent()).toContain("alchemy-cli/")
    await page.getByRole("button", { name: "Approve" }).click()
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/)
    expect(await page.getByRole("heading").textContent()).toMatch(/signed in/i)
    expect(await login.finished).toMatchObject({ code: 0 })
    expect(await tokenOf(world)).toMatch(/^alchemy_at_/)
    expect(foreign).toEqual([])
    await context.close()
  })

  test("Deny is as easy, and the terminal says so", async () => {
    const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(await urlShownBy(login))
    await signInWith(page, ada)
    await page.getByRole("button", { name: "Deny" }).click()
    await page.waitForURL(/\/callback\?error=access_denied/)
    expect(await page.getByRole("heading").textContent()).toMatch(/denied/i)
    expect((await login.finished).stderr).toContain("LOGIN_DENIED")
    await context.close()
  })

  test("a new person creates an account on the way", async () => {
    const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(await urlShownBy(login))
    await page.getByRole("link", { name: /create/i }).click()
    await page.getByLabel("Name").fill("Grace")
    await page.getByLabel("Email").fill(`grace-${javaScriptEnabled}@example.com`)
    await page.getByLabel("Password").fill("a rather long password")
    await page.getByRole("button", { name: "Create account" }).click()
    await page.getByRole("button", { name: "Approve" }).click()
    await page.waitForURL(/\/callback\?code=/)
    expect((await login.finished).code).toBe(0)
    await context.close()
  })

  test("a wrong password is said beside the field, and what was typed stays, but for the password", async () => {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(`${world.server.url}/sign-in`)
    await signInWith(page, { email: ada.email, password: "wrong wrong wrong" })
    await page.getByRole("alert").first().waitFor()
    expect(await page.getByLabel("Email").inputValue()).toBe(ada.email)
    expect(await page.getByLabel("Password").inputValue()).toBe("")
    await context.close()
  })
})

test("S18 what one browser began, another cannot approve", async () => {
  const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const url = await urlShownBy(login)
  const [contextA, contextB] = [await browser.newContext(), await browser.newContext()]
  const [pageA, pageB] = [await contextA.newPage(), await contextB.newPage()]
  for (const page of [pageA, pageB]) {
    await page.goto(url)
    await signInWith(page, ada)
    await page.getByRole("button", { name: "Approve" }).waitFor()
  }
  const sealed = await pageA.locator('input[name="request"]').first().inputValue()
  await pageB.locator('input[name="request"]').evaluateAll((inputs, value) => {
    for (const input of inputs) input.setAttribute("value", value)
  }, sealed)
  await pageB.getByRole("button", { name: "Approve" }).click()
  await pageB.waitForLoadState()
  expect(pageB.url()).toContain(world.server.url)
  await pageA.getByRole("button", { name: "Approve" }).click()
  await pageA.waitForURL(/\/callback\?code=/)
  expect((await login.finished).code).toBe(0)
  await contextA.close()
  await contextB.close()
})

test("a session is ended on the server's page without JavaScript, and the command says so", async () => {
  await signIn(world)
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${world.server.url}/`)
  await signInWith(page, ada)
  await page.getByRole("link", { name: /sessions/i }).click()
  await page.getByRole("button", { name: `End session on ${hostname()}` }).click()
  await page.getByText("No command-line program is signed in").waitFor()
  expect(new URL(page.url()).pathname).toBe("/sessions")
  const status = await world.alchemy.run("auth", "status")
  expect(status.code).toBe(3)
  expect(JSON.parse(status.stdout)).toMatchObject({ state: "revoked" })
  await context.close()
})

describe.each(["light", "dark"] as const)("accessibility, %s", (colorScheme) => {
  test.each([
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 360, height: 740 }],
  ])("axe-core finds nothing on any page at %s width", async (_width, viewport) => {
    const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
    const url = await urlShownBy(login)
    const context = await browser.newContext({ colorScheme, viewport })
    const page = await context.newPage()
    const audit = async () => {
      await page.evaluate(axeSource)
      const violations = await page.evaluate("axe.run().then(({ violations }) => violations)")
      expect(violations, page.url()).toEqual([])
      const wide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
      expect(wide, `${page.url()} scrolls sideways`).toBe(false)
    }
    await page.goto(`${world.server.url}/create-account`)
    await audit()
    await page.goto(`${world.server.url}/login?redirectUrl=https://evil.example`)
    await audit()
    await page.goto(`${world.server.url}/no-such-page`)
    await audit()
    await page.goto(url)
    await audit()
    await signInWith(page, { email: ada.email, password: "wrong wrong wrong" })
    await audit()
    await signInWith(page, ada)
    await page.getByRole("button", { name: "Approve" }).waitFor()
    await audit()
    await page.getByRole("button", { name: "Approve" }).click()
    await page.waitForURL(/\/callback/)
    await audit()
    await login.finished
    await page.goto(`${world.server.url}/sessions`)
    await page.getByRole("button", { name: /^End session on / }).waitFor()
    await audit()
    await context.close()
  })
})
