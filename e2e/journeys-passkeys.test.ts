import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { beginSecondFactor, fill, follow, press, signIn, unfold } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import { addAuthenticator } from "./people/authenticator.ts"
import { totpOf } from "./people/totp.ts"
import { DATABASES, openPeopleWorld, type PeopleWorld, startLogin, stateOf } from "./people/world.ts"

describe.each(DATABASES)("passkeys, on %s", (database) => {
  let world: PeopleWorld
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_passkeys")
  })
  afterAll(() => world.remove())

  /** Fills in the form on the Security page, and sends it. */
  async function addPasskey(page: Page, { password }: Person, name: string): Promise<void> {
    await unfold(page, "Add a passkey")
    const panel = page.locator("#passkeys")
    await panel.getByLabel("Name").fill(name)
    await panel.getByLabel("Your password").fill(password)
    await panel.getByRole("button", { name: "Add passkey" }).click()
  }

  test("added under Security; signs in on the way to an approval, without password or second factor", async () => {
    const ada = await world.newPerson()
    const page = await world.newPage()
    await addAuthenticator(page)
    await page.goto(`${world.server.url}/security`)
    await signIn(page, ada)
    const secret = await beginSecondFactor(page, ada)
    await fill(page, { "Code from the app": totpOf(secret) })
    await press(page, "Turn on")
    await follow(page, "I have kept them")
    await addPasskey(page, ada, "Ada’s laptop")
    await page.getByText("The passkey is added. You can sign in with it from now on.").waitFor()
    await page.getByRole("heading", { name: "Ada’s laptop" }).waitFor()
    await world.mailbox.take(ada.email, /^A passkey was added/)
    await press(page, "Sign out")
    await page.getByRole("heading", { name: "Sign in" }).waitFor()

    const machine = world.newMachine()
    const { login, url } = await startLogin(machine)
    await page.goto(url)
    await page.getByRole("button", { name: "Sign in with a passkey" }).click()
    await page.getByRole("button", { name: "Approve" }).click()
    await page.waitForURL(/\/callback\?code=/)
    expect((await login.finished).code).toBe(0)
    expect(await stateOf(machine)).toBe("active")
    await page.context().close()
  })

  test("S48 removed: programs and other browsers are signed out, and it opens nothing any more", async () => {
    const ada = await world.newPerson()
    const [page, other] = [await world.newPage(), await world.newPage()]
    await addAuthenticator(page)
    await page.goto(`${world.server.url}/security`)
    await signIn(page, ada)
    await addPasskey(page, ada, "Key")
    await page.getByText("The passkey is added.").waitFor()
    const machine = world.newMachine()
    const { login, url } = await startLogin(machine)
    await other.goto(url)
    await signIn(other, ada)
    await other.getByRole("button", { name: "Approve" }).click()
    expect((await login.finished).code).toBe(0)

    await follow(page, "Remove Key")
    await fill(page, { "Your password": "not my password" })
    await press(page, "Remove passkey")
    expect(await page.locator("#password-problem").innerText()).toBe("The password is wrong.")
    await fill(page, { "Your password": ada.password })
    await press(page, "Remove passkey")
    await page.getByText("The passkey is removed. One command-line session has ended.").waitFor()
    expect(await stateOf(machine)).toBe("revoked")
    await other.goto(`${world.server.url}/security`)
    await other.getByRole("heading", { name: "Sign in" }).waitFor()
    await press(page, "Sign out")
    await page.getByRole("button", { name: "Sign in with a passkey" }).click()
    await page
      .getByRole("alert")
      .getByText(/passkey/)
      .waitFor()
    expect(await page.getByRole("heading").first().innerText()).toBe("Sign in")
    await Promise.all([page.context().close(), other.context().close()])
  })

  test("who cancels stays on the page, which says so, and can go on", async () => {
    const ada = await world.newPerson()
    const page = await world.newPage()
    const authenticator = await addAuthenticator(page)
    await authenticator.refuse()
    // The browser would wait as long for somebody to touch the device.
    await page.route(/\/options$/, async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...(await response.json()), timeout: 500 } })
    })
    await page.goto(`${world.server.url}/sign-in`)
    const button = page.getByRole("button", { name: "Sign in with a passkey" })
    await button.click()
    await page.getByText("No passkey was used. Try again, or sign in another way.").waitFor()
    expect(await button.isEnabled()).toBe(true)
    await signIn(page, ada)
    await page.goto(`${world.server.url}/security`)
    await addPasskey(page, ada, "Key")
    await page.getByText("No passkey was made. Try again when you are ready.").waitFor()
    expect(await page.locator("#passkeys").getByLabel("Name").inputValue()).toBe("Key")
    expect(await authenticator.credentials()).toEqual([])
    await page.context().close()
  })

  test("with no JavaScript: not offered, and the page says why", async () => {
    const page = await world.newPage({ javaScriptEnabled: false })
    await page.goto(`${world.server.url}/sign-in`)
    expect(await page.getByRole("button").allInnerTexts()).toEqual(["Sign in"])
    await page.goto(`${world.server.url}/security`)
    await signIn(page, await world.newPerson())
    const hint = await page.locator("#passkeys noscript p").innerText()
    expect(hint).toBe("Passkeys need JavaScript. Everything else here works without.")
    await page.context().close()
  })
})
