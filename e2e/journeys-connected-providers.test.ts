import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, follow, press, signIn } from "./every-page/steps.ts"
import { agreeAtUpstream, declineAtUpstream } from "./people/provider.ts"
import { openProviderWorld, type ProviderWorld } from "./people/provider-world.ts"
import { DATABASES, startLogin, stateOf, WITH_AND_WITHOUT_SCRIPTS } from "./people/world.ts"

const CONTINUE = { name: "Continue with Example Company" }

describe.each(DATABASES)("providers under Security, on %s", (database) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openProviderWorld(database, "journeys_connected_providers")
  })
  afterAll(() => world.remove())

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    test("S48 one is connected with the password and signs in; disconnected, programs and other browsers are signed out", async () => {
      const ada = await world.newPerson()
      // At the provider she has another email.
      const adaThere = world.known()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/security`)
      await signIn(page, ada)
      await follow(page, "Connect Example Company")
      await fill(page, { "Your password": "not my password" })
      await press(page, "Connect")
      expect(await page.locator("#password-problem").innerText()).toBe("The password is wrong.")
      await fill(page, { "Your password": ada.password })
      await page.getByRole("button", { name: "Connect" }).click()
      await agreeAtUpstream(page, adaThere)
      await page.getByText("The provider is connected. You can sign in with it from now on.").waitFor()

      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const other = await world.newPage({ javaScriptEnabled })
      await other.goto(url)
      await other.getByRole("button", CONTINUE).click()
      await agreeAtUpstream(other, adaThere)
      await other.getByText(ada.email).waitFor()
      await other.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)

      await follow(page, "Disconnect Example Company")
      await fill(page, { "Your password": ada.password })
      await press(page, "Disconnect")
      await page.getByText("The provider is disconnected. One command-line session has ended.").waitFor()
      expect(await stateOf(machine)).toBe("revoked")
      await other.goto(`${world.server.url}/sessions`)
      await other.getByRole("button", CONTINUE).waitFor()
      // Whoever signs in there now is somebody new.
      await other.getByRole("button", CONTINUE).click()
      await other.getByText(adaThere.email).waitFor()
      await Promise.all([page.context().close(), other.context().close()])
    })

    test("no there, or an account there that is somebody else's: said under Security, and nothing is connected", async () => {
      const taken = world.known()
      const first = await world.newPage({ javaScriptEnabled })
      await first.goto(`${world.server.url}/sign-in`)
      await first.getByRole("button", CONTINUE).click()
      await agreeAtUpstream(first, taken)
      await first.getByRole("heading", { name: "You are signed in" }).waitFor()
      await first.context().close()

      const ada = await world.newPerson()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/security`)
      await signIn(page, ada)
      const connect = async () => {
        await follow(page, "Connect Example Company")
        await fill(page, { "Your password": ada.password })
        await page.getByRole("button", { name: "Connect" }).click()
      }
      await connect()
      await declineAtUpstream(page)
      await page.getByRole("alert").getByText("The sign-in with Example Company was declined.").waitFor()
      await page.getByRole("heading", { name: "Security" }).waitFor()
      await connect()
      await agreeAtUpstream(page, taken)
      await page.getByRole("alert").getByText("belongs to another account here.").waitFor()
      await page.getByRole("link", { name: "Connect Example Company" }).waitFor()
      await page.context().close()
    })

    test("the only way to sign in stays", async () => {
      const person = world.known()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in?return_to=/security`)
      await page.getByRole("button", CONTINUE).click()
      await agreeAtUpstream(page, person)
      await follow(page, "Disconnect Example Company")
      await press(page, "Disconnect")
      await page.getByRole("alert").getByText("is the only way to sign in to this account.").waitFor()
      await page.goto(`${world.server.url}/security`)
      await page.getByRole("link", { name: "Disconnect Example Company" }).waitFor()
      await page.context().close()
    })
  })
})
