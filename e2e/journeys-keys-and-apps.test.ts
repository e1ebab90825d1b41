import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, follow, press, signIn } from "./every-page/steps.ts"
import { DATABASES, openPeopleWorld, type PeopleWorld, WITH_AND_WITHOUT_SCRIPTS } from "./people/world.ts"
import { statusWith } from "./people.ts"

const LIST = "Allowed IP addresses"
const SAVE = "Save IP addresses"

describe.each(DATABASES)("access keys and apps, on %s", (database) => {
  let world: PeopleWorld
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_keys_and_apps")
  })
  afterAll(() => world.remove())

  const statusOf = async (page: Page, press: () => Promise<void>) => {
    const answered = page.waitForResponse((response) => response.request().method() === "POST")
    await press()
    return (await answered).status()
  }

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    const openHome = async () => {
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/`)
      await signIn(page, await world.newPerson())
      return page
    }

    test("a key is shown once, works, and is refused when it is deleted; the account's log tells it", async () => {
      const page = await openHome()
      await follow(page, "Access keys")
      await fill(page, { Name: "CI of the website" })
      await page.getByLabel("Expires after").selectOption("30")
      await press(page, "Create key")
      const key = await page.locator("#key").innerText()
      expect(await statusWith(world.server, key)).toBe(200)
      expect((await page.reload())?.status()).toBe(409)
      expect(await page.content()).not.toContain(key)
      await follow(page, "Access keys")
      expect(await page.content()).not.toContain(key)
      expect(await page.getByRole("link", { name: "Delete", exact: true }).count()).toBe(1)
      await follow(page, "Delete")
      await press(page, "Delete")
      await page.getByText("The key was deleted. Whatever uses it is refused from now on.").waitFor()
      expect(await statusWith(world.server, key)).toBe(401)
      await follow(page, "Activity")
      const events = await page.locator("ul.events li p:first-child").allInnerTexts()
      expect(events).toEqual([
        "Access key “CI of the website” deleted",
        "Access key “CI of the website” used from an address for the first time",
        "Access key “CI of the website” created",
        "Signed in with a password",
        "Account created by the operator",
      ])
      await page.context().close()
    })

    test("an app: what is refused keeps what was typed; what was changed meanwhile is not overwritten; deleted it is gone", async () => {
      const page = await openHome()
      await follow(page, "Apps")
      await fill(page, { Name: "Website", "Description (optional)": "Balances\nand prices." })
      expect(await statusOf(page, () => press(page, "Create app"))).toBe(400)
      expect(await page.locator("#networks-problem").innerText()).toMatch(/network/)
      expect(await page.getByLabel("Description (optional)").inputValue()).toBe("Balances\nand prices.")
      await page.locator('input[name="network.ETH_MAINNET"]').check()
      await press(page, "Create app")
      await page.getByRole("heading", { name: "Website" }).waitFor()

      const typed = "203.0.113.9 # office\nthe warehouse"
      await fill(page, { [LIST]: typed })
      expect(await statusOf(page, () => press(page, SAVE))).toBe(400)
      expect(await page.getByLabel(LIST).inputValue()).toBe(typed)
      expect(await page.getByLabel(LIST).getAttribute("aria-invalid")).toBe("true")
      await page
        .getByRole("alert")
        .getByText(/Line 2/)
        .waitFor()

      const meanwhile = await page.context().newPage()
      await meanwhile.goto(page.url().replace(/\/ip-allowlist.*/, ""))
      await fill(meanwhile, { [LIST]: "198.51.100.0/24" })
      await press(meanwhile, SAVE)
      await fill(page, { [LIST]: "203.0.113.9 # office" })
      expect(await statusOf(page, () => press(page, SAVE))).toBe(409)
      await page.getByText("The list now has:").waitFor()
      expect(await page.getByLabel(LIST).inputValue()).toBe("203.0.113.9 # office")
      await fill(page, { [LIST]: "203.0.113.9 # office\n198.51.100.0/24" })
      await press(page, SAVE)
      await meanwhile.reload()
      expect(await meanwhile.getByLabel(LIST).inputValue()).toBe("203.0.113.9 # office\n198.51.100.0/24")

      await follow(page, "Delete this app")
      await press(page, "Delete")
      await page.getByText("The app was deleted. Its keys stop working.").waitFor()
      expect((await meanwhile.reload())?.status()).toBe(404)
      await page.context().close()
    })
  })
})
