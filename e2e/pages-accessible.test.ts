import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { BrowserContext, Page, Response } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { PAGES, type PageName, REFUSED } from "./every-page/page-names.ts"
import { beginSecondFactor, earlierCode, fill, press, signIn } from "./every-page/steps.ts"
import { walkEveryPage } from "./every-page/walk.ts"
import { ADDRESSES, openPagesWorld, type PagesWorld } from "./every-page/world.ts"
import { totpOf } from "./people/totp.ts"
import { createAccount } from "./processes.ts"

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
// Every rule that is on by default, best practices among them, and the size of what is tapped (WCAG 2.2, 2.5.8).
const AXE = `axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } })
  .then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join("; ")))`

const LONGEST_PAGE = 30_000
const LONGEST_STYLE = 15_000
/** The least height of a main button, in pixels. */
const TALL_ENOUGH = 44

/** Bytes as they are sent. */
type Weight = { html: number; css: number; js: number; total: number }

type Seen = {
  name: PageName
  faults: string[]
  title: string
  lang: string
  headings: number
  focused: string
  shortButtons: string[]
  wide: boolean
  weight: Weight
}

let world: PagesWorld
const seen: Seen[] = []
/** What browsers complained of, and what they asked of others. */
const complaints: string[] = []
const foreign: string[] = []
const documents = new WeakMap<Page, Response>()
const assetBytes = new Map<string, number>()

beforeAll(async () => {
  world = await openPagesWorld(watch)
  await walkEveryPage(world, async (name, page) => {
    seen.push(await look(name, page))
  })
}, 240_000)
afterAll(() => world.remove())

function watch(visitor: BrowserContext): void {
  visitor.on("weberror", (error) => complaints.push(String(error.error())))
  visitor.on("console", (message) => {
    const isOwnStatus = /^Failed to load resource: the server responded with a status of [45]/.test(
      message.text(),
    )
    const isDocument = message.location().url === message.page()?.url()
    if (message.type() === "error" && !(isOwnStatus && isDocument)) complaints.push(message.text())
  })
  visitor.on("request", (request) => {
    const { origin } = new URL(request.url())
    const isOwn = request.isNavigationRequest() || origin === new URL(request.frame().url()).origin
    if (!isOwn) foreign.push(request.url())
  })
  visitor.on("response", (response) => {
    const request = response.request()
    if (request.isNavigationRequest() && response.status() !== 204)
      documents.set(request.frame().page(), response)
  })
}

async function look(name: PageName, page: Page): Promise<Seen> {
  const focused = String(await page.evaluate("document.activeElement.className"))
  await page.evaluate(axeSource)
  const faults: string[] = []
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 320],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    await page.setViewportSize({ width, height: 800 })
    for (const fault of (await page.evaluate(AXE)) as string[]) faults.push(`${colorScheme}: ${fault}`)
  }
  const wide = (await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")) as boolean
  return {
    ...{ name, focused, faults, wide },
    title: await page.title(),
    lang: (await page.evaluate("document.documentElement.lang")) as string,
    headings: await page.locator("h1").count(),
    shortButtons: (await page.evaluate(SHORT_BUTTONS)) as string[],
    weight: await weigh(page),
  }
}

const SHORT_BUTTONS = `[...document.querySelectorAll("button:not(.link, .small), .button:not(.small)")]
  .filter((button) => button.checkVisibility() && button.getBoundingClientRect().height < ${TALL_ENOUGH})
  .map((button) => button.textContent)`

async function weigh(page: Page): Promise<Weight> {
  const html = (await documents.get(page)?.request().sizes())?.responseBodySize ?? Number.POSITIVE_INFINITY
  const urls = (selector: string, attribute: string) =>
    page
      .locator(selector)
      .evaluateAll(
        (elements, name) =>
          elements.map((element) => String((element as unknown as Record<string, unknown>)[name])),
        attribute,
      )
  const bytesOf = async (list: string[]) => {
    let bytes = 0
    for (const url of new Set(list)) bytes += await sentBytes(url)
    return bytes
  }
  const [css, js, pictures] = [
    await bytesOf(await urls("link[rel=stylesheet]", "href")),
    await bytesOf(await urls("script[src]", "src")),
    await bytesOf([...(await urls("link[rel=icon]", "href")), ...(await urls("img", "src"))]),
  ]
  return { html, css, js, total: html + css + js + pictures }
}

async function sentBytes(url: string): Promise<number> {
  const known = assetBytes.get(url)
  if (known !== undefined) return known
  const response = await fetch(url)
  const bytes = (await response.arrayBuffer()).byteLength
  assetBytes.set(url, bytes)
  return bytes
}

/** The names of those of which something is true. */
const those = (isSo: (page: Seen) => boolean) => seen.filter(isSo).map(({ name }) => name)

describe("every page", () => {
  test("is walked through, in order", () => {
    expect(seen.map(({ name }) => name)).toEqual(Object.keys(PAGES))
  })

  test("axe-core finds nothing, light and dark, wide and narrow", () => {
    expect(seen.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`))).toEqual([])
  })

  test("has a title, a language, and one heading of the first level", () => {
    expect(those(({ title, lang, headings }) => title === "" || lang !== "en" || headings !== 1)).toEqual([])
  })

  test("does not scroll sideways at 320 pixels, and has buttons that a thumb finds", () => {
    expect(those(({ wide }) => wide)).toEqual([])
    expect(seen.flatMap(({ name, shortButtons }) => shortButtons.map((text) => `${name}: ${text}`))).toEqual(
      [],
    )
  })

  test("gives the focus to the summary where a form was refused", () => {
    expect(those(({ name, focused }) => REFUSED.has(name) && focused !== "alert")).toEqual([])
  })

  test("S20 asks nothing of anybody else, and browsers have nothing to complain of", () => {
    expect(foreign).toEqual([])
    expect(complaints).toEqual([])
  })

  test("weighs less than 30 kB in all, its style less than 15 kB", () => {
    const cell = (text: string | number) => String(text).padStart(7)
    const lines = seen.map(
      ({ name, weight: { html, css, js, total } }) =>
        `${name.padEnd(28)}${[html, css, js, total].map(cell).join("")}`,
    )
    console.log(
      [
        `${"page, bytes as sent".padEnd(28)}${["html", "css", "js", "total"].map(cell).join("")}`,
        ...lines,
      ].join("\n"),
    )
    expect(those(({ weight }) => weight.total >= LONGEST_PAGE)).toEqual([])
    expect(those(({ weight }) => weight.css >= LONGEST_STYLE)).toEqual([])
  })
})

describe("with the keyboard alone", () => {
  const kay = { email: "kay@example.com", password: "yet another password", name: "Kay" }

  test("from the address in the terminal through sign-in and second factor to the approval", async () => {
    await createAccount(world.server, kay)
    const settingUp = await (await world.newVisitor(ADDRESSES.office)).newPage()
    await settingUp.goto(`${world.server.url}/security`)
    await signIn(settingUp, kay)
    const secret = await beginSecondFactor(settingUp, kay)
    await fill(settingUp, { "Code from the app": earlierCode(secret) })
    await press(settingUp, "Turn on")
    await settingUp.context().close()

    const login = (await world.newMachine("kay")).start("auth", "login", "--no-browser", "--port", "0")
    const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
    const page = await (await world.newVisitor(ADDRESSES.office)).newPage()
    await page.goto(url)
    expect(await focusOf(page)).toMatchObject({ name: "email", visible: true })
    await page.keyboard.type(kay.email)
    await page.keyboard.press("Tab")
    expect(await focusOf(page)).toMatchObject({ name: "password", visible: true })
    await page.keyboard.type(kay.password)
    await page.keyboard.press("Enter")
    await page.waitForURL(/second-factor/)
    expect(await focusOf(page)).toMatchObject({ name: "code", visible: true })
    await page.keyboard.type(totpOf(secret))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Approve this sign-in?" }).waitFor()
    const stops = await tabTo(page, "Approve")
    expect(stops.map(({ text }) => text)).toEqual(["Deny", "Approve"])
    expect(stops.every(({ visible }) => visible)).toBe(true)
    await page.keyboard.press("Space")
    await page.waitForURL(/\/callback\?code=/)
    expect(await login.finished).toMatchObject({ code: 0 })
    await page.context().close()
  })

  test("each stop on a page of the account shows the focus, and the first one skips to the content", async () => {
    const page = await (await world.newVisitor(ADDRESSES.home)).newPage()
    await page.goto(`${world.plain.url}/create-account`)
    await fill(page, { Email: kay.email, Password: kay.password })
    await press(page, "Create account")
    await page.goto(`${world.plain.url}/access-keys`)
    const stops = await tabTo(page, "Create key")
    expect(stops.map(({ text, name }) => text || name)).toEqual([
      ...["Skip to the content", "Authchemy", "Sign out"],
      ...["Sessions", "Access keys", "Apps", "Security", "Activity"],
      ...["name", "expires", "Create key"],
    ])
    expect(stops.filter(({ visible }) => !visible)).toEqual([])
    await page.goto(`${world.plain.url}/access-keys`)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    expect(await focusOf(page)).toMatchObject({ name: "name" })
    await page.context().close()
  })
})

test("nothing moves for who wants it so, and borders stay where the system chooses the colours", async () => {
  const page = await (await world.newVisitor(ADDRESSES.home)).newPage()
  await page.goto(`${world.plain.url}/sign-in`)
  const moving = `[...document.querySelectorAll("*")].filter((element) => parseFloat(getComputedStyle(element).transitionDuration) > 0).length`
  await page.emulateMedia({ reducedMotion: "no-preference" })
  expect(await page.evaluate(moving)).toBeGreaterThan(0)
  await page.emulateMedia({ reducedMotion: "reduce" })
  expect(await page.evaluate(moving)).toBe(0)
  await page.emulateMedia({ forcedColors: "active" })
  const borders = `[...document.querySelectorAll(".card, input:not([type=hidden]), button")].filter((element) => element.checkVisibility()).map((element) => {
    const { borderTopStyle, borderTopWidth, borderTopColor } = getComputedStyle(element)
    return borderTopStyle === "solid" && parseFloat(borderTopWidth) >= 1 && !borderTopColor.includes("rgba(0, 0, 0, 0)")
  })`
  const drawn = (await page.evaluate(borders)) as boolean[]
  expect(drawn.length).toBeGreaterThan(3)
  expect(drawn).not.toContain(false)
  await page.context().close()
})

type Focus = { name: string; text: string; visible: boolean }

/** What has the focus, and whether it can be seen to: in the window, with an outline. */
async function focusOf(page: Page): Promise<Focus> {
  return (await page.evaluate(`(() => {
    const element = document.activeElement
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    const { left, right, top, bottom } = element.getBoundingClientRect()
    const inWindow = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight
    const visible = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && inWindow
    const text = element.matches("button, a") ? element.textContent.trim() : ""
    return { name: element.getAttribute("name") ?? "", text, visible }
  })()`)) as Focus
}

/** Presses Tab until the button of that name has the focus. @returns every stop on the way */
async function tabTo(page: Page, text: string): Promise<Focus[]> {
  const stops: Focus[] = []
  while (stops.at(-1)?.text !== text) {
    if (stops.length > 50) throw new Error(`Tab never came to ${text}`)
    await page.keyboard.press("Tab")
    stops.push(await focusOf(page))
  }
  return stops
}
