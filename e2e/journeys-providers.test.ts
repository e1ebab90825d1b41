import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, press, signIn } from "./every-page/steps.ts"
import { agreeAtUpstream, declineAtUpstream } from "./people/provider.ts"
import { openProviderWorld, type ProviderWorld } from "./people/provider-world.ts"
import { DATABASES, startLogin, stateOf, WITH_AND_WITHOUT_SCRIPTS } from "./people/world.ts"

const CONTINUE = { name: "Continue with Example Company" }

describe.each(DATABASES)("continuing with a provider, on %s", (database) => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openProviderWorld(database, "journeys_providers")
  })
  afterAll(() => world.remove())

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    test("from the terminal by the provider's consent back to the approval, and the command finishes; the next time it is the same account", async () => {
      const person = world.known()
      const machine = world.newMachine()
      for (const round of ["first", "second"]) {
        const { login, url } = await startLogin(machine)
        const page = await world.newPage({ javaScriptEnabled })
        await page.goto(url)
        await page.getByRole("button", CONTINUE).click()
        await agreeAtUpstream(page, person)
        await page.getByText(person.email).waitFor()
        await page.getByRole("button", { name: "Approve" }).click()
        await page.waitForURL(/\/callback\?code=/)
        expect((await login.finished).code).toBe(0)
        expect(await stateOf(machine)).toBe("active")
        await page.goto(`${world.server.url}/activity`)
        const created = page.getByText("Account created with a provider")
        expect([round, await created.count()]).toEqual([round, 1])
        await page.context().close()
        await machine.run("auth", "logout")
      }
    })

    test("who says no there is told so here, and the way back stays open", async () => {
      const ada = await world.newPerson()
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(url)
      await page.getByRole("button", CONTINUE).click()
      await declineAtUpstream(page)
      await page.getByRole("alert").getByText("The sign-in with Example Company was declined.").waitFor()
      expect(page.url().startsWith(world.server.url)).toBe(true)
      await signIn(page, ada)
      await page.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)
      await page.context().close()
    })

    test("an email that the provider has not verified opens and makes no account", async () => {
      const ada = await world.newPerson()
      for (const email of [ada.email, world.stranger().email]) {
        const person = world.known({ sub: `not-verified-${email}`, email, email_verified: false })
        const page = await world.newPage({ javaScriptEnabled })
        await page.goto(`${world.server.url}/sign-in`)
        await page.getByRole("button", CONTINUE).click()
        await agreeAtUpstream(page, person)
        await page.getByText("Example Company has not confirmed an email address that counts here.").waitFor()
        await page.goto(`${world.server.url}/sessions`)
        await page.getByRole("heading", { name: "Sign in" }).waitFor()
        await page.context().close()
      }
    })

    test("an email that has an account here: joined where both sides have proved it, and its owner is told", async () => {
      const ada = await world.newPerson()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in?return_to=/security`)
      await page.getByRole("button", CONTINUE).click()
      await agreeAtUpstream(page, world.known({ email: ada.email }))
      await page.getByRole("link", { name: "Disconnect Example Company" }).waitFor()
      await world.mailbox.take(ada.email, /^A way to sign in through another provider was added/)
      await page.context().close()
    })

    test("an account that somebody has made in advance with an email that is not theirs is not filled by its owner", async () => {
      const squatter = world.stranger()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/create-account`)
      await fill(page, { Email: squatter.email, Password: squatter.password })
      await press(page, "Create account")
      await page.goto(`${world.server.url}/sign-in`)
      await page.getByRole("button", CONTINUE).click()
      await agreeAtUpstream(page, world.known({ email: squatter.email }))
      await page.getByText("An account with this email is there already.").waitFor()
      await page.context().close()
    })

    test("S15 a return target that leads elsewhere leads nowhere but home, by the provider too", async () => {
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in`)
      const form = page.locator("form", { has: page.getByRole("button", CONTINUE) })
      const target = form.locator("input[name=return_to]")
      await target.evaluate((input) => input.setAttribute("value", "//evil.example/x"))
      await page.getByRole("button", CONTINUE).click()
      await agreeAtUpstream(page, world.known())
      await page.waitForURL(`${world.server.url}/`)
      await page.context().close()
    })

    test("a provider that is down: a page and a log line, other ways go on; when it is up, it works without a restart", async () => {
      const id = javaScriptEnabled ? "late-1" : "late-2"
      const before = world.server.log().length
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in?return_to=/apps`)
      const answered = page.waitForResponse((response) => response.request().method() === "POST")
      await press(page, `Continue with Company ${id}`)
      expect((await answered).status()).toBe(503)
      await page.getByRole("heading", { name: `Company ${id} cannot be reached` }).waitFor()
      await expect
        .poll(() => world.server.log().slice(before))
        .toMatch(new RegExp(`"level":"warn".*"provider":"${id}".*out of reach`))
      const late = await world.startLate(id)
      const { email } = world.stranger()
      late.people.push({ sub: "x", email, email_verified: true, name: "X" })
      await page.getByRole("button", { name: "Try again" }).click()
      await agreeAtUpstream(page, { sub: "x", email, email_verified: true, name: "X" })
      await page.waitForURL(`${world.server.url}/apps`)
      await page.context().close()
    })

    test("a provider that goes down while somebody is there: a page and a log line, and nobody is signed in", async () => {
      const person = world.known()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in`)
      await page.getByRole("button", CONTINUE).click()
      const before = world.server.log().length
      world.upstream.hangsUp = true
      try {
        await agreeAtUpstream(page, person)
        await page.getByRole("heading", { name: "Example Company cannot be reached" }).waitFor()
        await expect
          .poll(() => world.server.log().slice(before))
          .toMatch(/"level":"warn".*"provider":"example"/)
        expect(world.server.log().slice(before)).toMatch(/callback","status":503/)
      } finally {
        world.upstream.hangsUp = false
      }
      await page.goto(`${world.server.url}/sessions`)
      await page.getByRole("heading", { name: "Sign in" }).waitFor()
      await page.context().close()
    })
  })
})
