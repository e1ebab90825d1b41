import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, press, signIn, unfold } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import { DATABASES, openPeopleWorld, type PeopleWorld, WITH_AND_WITHOUT_SCRIPTS } from "./people/world.ts"

/** A form that is sent with something wrong in it. */
type Case = {
  path: string
  signedIn?: true
  /** The label of what the form is folded under. */
  folded?: string
  /** What is typed, by the fields' ids, in words that the browser lets through. */
  typed: Record<string, string>
  button: string
  /** The id of the field that is to blame, and what is said. */
  wrong: string
  says: RegExp
  /** Fields that hold what was typed, besides; all passwords are empty. */
  kept: readonly string[]
}

const CASES: readonly Case[] = [
  {
    ...{ path: "/sign-in", typed: { email: "ada@nowhere", password: "x" }, button: "Sign in" },
    ...{ wrong: "email", says: /must be an address/, kept: ["email"] },
  },
  {
    path: "/create-account",
    typed: { email: "ada@nowhere", name: "Ada <b>", password: "long enough a password" },
    ...{ button: "Create account", wrong: "email", says: /must be an address/, kept: ["email", "name"] },
  },
  {
    path: "/create-account",
    typed: { email: "grace@example.com", name: "Grace", password: "short" },
    ...{ button: "Create account", wrong: "password", says: /at least 8/, kept: ["email", "name"] },
  },
  {
    ...{ path: "/forgot-password", typed: { email: "ada@nowhere" }, button: "Send a link" },
    ...{ wrong: "email", says: /must be an address/, kept: ["email"] },
  },
  {
    ...{ path: "/verify-email", typed: { email: "ada@nowhere" }, button: "Send a new link" },
    ...{ wrong: "email", says: /must be an address/, kept: ["email"] },
  },
  {
    ...{ path: "/device", signedIn: true, typed: { user_code: "BCDF" }, button: "Continue" },
    ...{ wrong: "user_code", says: /eight letters/, kept: ["user_code"] },
  },
  {
    ...{ path: "/device", signedIn: true, typed: { user_code: "BCDF-GHJK" }, button: "Continue" },
    ...{ wrong: "user_code", says: /No terminal waits/, kept: ["user_code"] },
  },
  {
    ...{ path: "/access-keys", signedIn: true, typed: { name: " " }, button: "Create key" },
    ...{ wrong: "name", says: /Give the key a name/, kept: [] },
  },
  {
    path: "/security",
    ...{ signedIn: true, folded: "Change password", button: "Change password" },
    typed: { "password-current": "not my password", "password-next": "another long password" },
    ...{ wrong: "password-current", says: /password is wrong/, kept: [] },
  },
  {
    path: "/security",
    ...{ signedIn: true, folded: "Change password", button: "Change password" },
    typed: { "password-current": "anything", "password-next": "short" },
    ...{ wrong: "password-next", says: /at least 8/, kept: [] },
  },
  {
    path: "/security",
    ...{ signedIn: true, folded: "Set up an authenticator app", button: "Set up" },
    typed: { "secondFactor-password": "not my password" },
    ...{ wrong: "secondFactor-password", says: /password is wrong/, kept: [] },
  },
]

describe.each(DATABASES)("forms with something wrong in them, on %s", (database) => {
  let world: PeopleWorld
  let ada: Person
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_bad_input")
    ada = await world.newPerson()
  })
  afterAll(() => world.remove())

  test.each(WITH_AND_WITHOUT_SCRIPTS)(
    "with %s: what was typed stays, but for passwords; what is wrong stands beside the field, and in a summary that has the focus",
    async (_name, javaScriptEnabled) => {
      const [anybody, adas] = [
        await world.newPage({ javaScriptEnabled }),
        await world.newPage({ javaScriptEnabled }),
      ]
      await adas.goto(`${world.server.url}/sign-in`)
      await signIn(adas, ada)
      for (const one of CASES) {
        const page = one.signedIn ? adas : anybody
        await page.goto(world.server.url + one.path)
        if (one.folded !== undefined) await unfold(page, one.folded)
        for (const [id, text] of Object.entries(one.typed)) await page.locator(`#${id}`).fill(text)
        await press(page, one.button)
        await refused(page, one)
      }
      await Promise.all([anybody.context().close(), adas.context().close()])
    },
  )

  /** Twenty-five guesses at once from one address. @returns the statuses */
  async function guess(address: string, path: string, fields: Record<string, string>): Promise<number[]> {
    const send = async () => {
      const answer = await fetch(world.server.url + path, {
        method: "POST",
        headers: { origin: world.server.url, "x-forwarded-for": address },
        body: new URLSearchParams(fields),
      })
      await answer.body?.cancel()
      return answer.status
    }
    return Promise.all(Array.from({ length: 25 }, send))
  }

  /** Sends the form, and expects the page that says when to try again. */
  async function tooMany(page: Page, button: string): Promise<void> {
    const answered = page.waitForResponse((response) => response.request().method() === "POST")
    await press(page, button)
    const answer = await answered
    expect(answer.status()).toBe(429)
    const seconds = Number(answer.headers()["retry-after"])
    const minutes = Math.ceil(seconds / 60)
    const said = await page.getByRole("alert").innerText()
    expect(said).toContain(`Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`)
    expect(seconds).toBeGreaterThan(0)
  }

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("too many, with %s", (_name, javaScriptEnabled) => {
    const pageAt = (address: string) =>
      world.newPage({ javaScriptEnabled, extraHTTPHeaders: { "X-Forwarded-For": address } })

    test("S37 S38 wrong passwords at once: ten are tried; the page says when to try again, and keeps the email", async () => {
      const address = `198.51.100.${javaScriptEnabled ? 1 : 2}`
      const fields = { email: ada.email, password: "a guess of many" }
      const statuses = await guess(address, "/sign-in", fields)
      expect(statuses.filter((status) => status === 401)).toHaveLength(10)
      expect(statuses.filter((status) => status === 429)).toHaveLength(15)
      const page = await pageAt(address)
      await page.goto(`${world.server.url}/sign-in`)
      await fill(page, { Email: ada.email, Password: ada.password })
      await tooMany(page, "Sign in")
      expect(await page.getByLabel("Email").inputValue()).toBe(ada.email)
      expect(await page.getByLabel("Password").inputValue()).toBe("")
      // Ada herself, elsewhere, is let in.
      const hers = await world.newPage({ javaScriptEnabled })
      await hers.goto(`${world.server.url}/sign-in`)
      await signIn(hers, ada)
      await hers.getByRole("heading", { name: "You are signed in" }).waitFor()
      await Promise.all([page.context().close(), hers.context().close()])
    })

    test("links by mail", async () => {
      const address = `198.51.100.${javaScriptEnabled ? 3 : 4}`
      const statuses = await guess(address, "/forgot-password", { email: "nobody@example.com" })
      expect(statuses.filter((status) => status === 200)).toHaveLength(20)
      const page = await pageAt(address)
      await page.goto(`${world.server.url}/forgot-password`)
      await fill(page, { Email: ada.email })
      await tooMany(page, "Send a link")
      expect(await page.getByLabel("Email").inputValue()).toBe(ada.email)
      await page.context().close()
    })

    test("S37 passwords that confirm a change, and codes of terminals", async () => {
      const grace = await world.newPerson()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/security`)
      await signIn(page, grace)
      for (let count = 0; count < 10; count++) {
        if (count === 0) await unfold(page, "Set up an authenticator app")
        await page.locator("#secondFactor-password").fill("a guess of many")
        await press(page, "Set up")
      }
      await page.locator("#secondFactor-password").fill(grace.password)
      await tooMany(page, "Set up")
      await page.goto(`${world.server.url}/device`)
      const limit = 20
      for (let count = 0; count < limit; count++) {
        await fill(page, { Code: "BCDF-GHJK" })
        const answered = page.waitForResponse((response) => response.request().method() === "POST")
        await press(page, "Continue")
        if ((await answered).status() === 429) break
      }
      await fill(page, { Code: "BCDF-GHJK" })
      await tooMany(page, "Continue")
      expect(await page.getByLabel("Code").inputValue()).toBe("BCDF-GHJK")
      await page.context().close()
    })
  })
})

async function refused(page: Page, { path, typed, wrong, says, kept }: Case): Promise<void> {
  const at = (what: string) => `${path}, ${wrong}: ${what}`
  const summary = page.getByRole("alert")
  await summary.waitFor()
  expect(await summary.innerText(), at("summary")).toMatch(says)
  const link = summary.getByRole("link")
  expect(await link.getAttribute("href"), at("link")).toBe(`#${wrong}`)
  const field = page.locator(`#${wrong}`)
  expect(await field.isVisible(), at("the field can be seen")).toBe(true)
  expect(await field.getAttribute("aria-invalid"), at("aria-invalid")).toBe("true")
  const described = (await field.getAttribute("aria-describedby"))?.split(" ") ?? []
  expect(described, at("description")).toContain(`${wrong}-problem`)
  expect(await page.locator(`#${wrong}-problem`).innerText(), at("beside")).toMatch(says)
  for (const id of kept) expect(await page.locator(`#${id}`).inputValue(), at(id)).toBe(typed[id])
  for (const password of await page.locator("input[type=password]").all())
    expect(await password.inputValue(), at("passwords")).toBe("")
  await expect
    .poll(() => page.locator(":focus").getAttribute("role"), { message: at("the summary has the focus") })
    .toBe("alert")
}
