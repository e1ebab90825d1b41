import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, follow, press, signIn } from "./every-page/steps.ts"
import { linkIn } from "./people/mailbox.ts"
import { listStolenPasswords, type StolenPasswords } from "./people/stolen-passwords.ts"
import {
  DATABASES,
  openPeopleWorld,
  type PeopleWorld,
  startLogin,
  stateOf,
  WITH_AND_WITHOUT_SCRIPTS,
} from "./people/world.ts"

const STOLEN = "monkey letmein dragon"

describe.each(DATABASES)("creating an account, on %s", (database) => {
  let world: PeopleWorld
  let stolen: StolenPasswords
  beforeAll(async () => {
    stolen = await listStolenPasswords([STOLEN])
    const env = { AUTHCHEMY_BREACHED_PASSWORDS_URL: stolen.url }
    world = await openPeopleWorld(database, "journeys_create_account", { env })
  })
  afterAll(async () => {
    await world.remove()
    await stolen.close()
  })

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    test("on the way from a terminal: the mail's link verifies, the sign-in leads back to the approval, and the command finishes", async () => {
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const grace = world.stranger()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(url)
      await follow(page, "Create an account")
      await fill(page, { Email: grace.email, Name: grace.name, Password: grace.password })
      await press(page, "Create account")
      await page.getByRole("heading", { name: "Check your mail" }).waitFor()
      // The right password alone does not get in.
      await follow(page, "Back to sign in")
      await signIn(page, grace)
      await page.getByRole("heading", { name: "Check your mail" }).waitFor()

      const link = linkIn(await world.mailbox.take(grace.email, /^Confirm your email/))
      expect(link.startsWith(`${world.server.url}/verify-email?token=`)).toBe(true)
      const telephone = await world.newPage({ javaScriptEnabled })
      await telephone.goto(link)
      await fill(telephone, { Password: "not this one" })
      await press(telephone, "Verify my email")
      await telephone.locator("#password-problem").getByText("The password is wrong.").waitFor()
      await fill(telephone, { Password: grace.password })
      await press(telephone, "Verify my email")
      await telephone.getByRole("heading", { name: "Email verified" }).waitFor()
      expect(await telephone.getByRole("main").textContent()).toContain(grace.email)

      await follow(page, "Back to sign in")
      await signIn(page, grace)
      await page.getByText(grace.email).waitFor()
      await page.getByRole("button", { name: "Approve" }).click()
      await page.waitForURL(/\/callback\?code=/)
      expect((await login.finished).code).toBe(0)
      expect(await stateOf(machine)).toBe("active")

      // The link is used up.
      await telephone.goto(link)
      await telephone.getByRole("heading", { name: "This link cannot be used any more" }).waitFor()
      await Promise.all([page.context().close(), telephone.context().close()])
    })

    test("an email that somebody else has signed up with: its owner does not confirm their account, and gets it by a new password", async () => {
      const owner = world.stranger()
      const somebody = { ...owner, password: "somebody else's password" }
      const page = await world.newPage({ javaScriptEnabled })
      for (const { email, password } of [somebody, owner]) {
        await page.goto(`${world.server.url}/create-account`)
        await fill(page, { Email: email, Password: password })
        await press(page, "Create account")
        await page.getByRole("heading", { name: "Check your mail" }).waitFor()
      }
      await world.mailbox.take(owner.email, /^You already have an account/)
      await page.goto(linkIn(await world.mailbox.take(owner.email, /^Confirm your email/)))
      expect(await page.getByRole("main").innerText()).toContain(owner.email)
      await fill(page, { Password: owner.password })
      await press(page, "Verify my email")
      await page.locator("#password-problem").getByText("The password is wrong.").waitFor()
      await follow(page, "Set a new one")
      await fill(page, { Email: owner.email })
      await press(page, "Send a link")
      await page.goto(linkIn(await world.mailbox.take(owner.email, /^Set a new password/)))
      await page.getByText("This email was never verified").waitFor()
      await fill(page, { "New password": owner.password })
      await press(page, "Set new password")
      await follow(page, "Sign in")
      await signIn(page, somebody)
      await page.getByText("The email or the password is wrong.").waitFor()
      await signIn(page, owner)
      await page.getByRole("heading", { name: "You are signed in" }).waitFor()
      await page.context().close()
    })

    test("an email that is taken: the same answer as for any other, and its owner is told by mail", async () => {
      const owner = await world.newPerson()
      const answers: string[] = []
      for (const email of [owner.email, world.stranger().email]) {
        const page = await world.newPage({ javaScriptEnabled })
        await page.goto(`${world.server.url}/create-account`)
        await fill(page, { Email: email, Password: "somebody else's password" })
        await press(page, "Create account")
        answers.push(`${page.url()} ${await page.getByRole("main").innerText()}`)
        await page.context().close()
      }
      expect(answers[0]).toBe(answers[1])
      const mail = await world.mailbox.take(owner.email, /^You already have an account/)
      expect(mail.text).not.toMatch(/token=/)
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in`)
      await signIn(page, { ...owner, password: "somebody else's password" })
      await page.getByText("The email or the password is wrong.").waitFor()
      await signIn(page, owner)
      await page.getByRole("heading", { name: "You are signed in" }).waitFor()
      await page.context().close()
    })

    test("a password from a list of stolen ones is refused beside its field, and what was typed stays", async () => {
      const grace = world.stranger()
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/create-account`)
      await fill(page, { Email: grace.email, Name: grace.name, Password: STOLEN })
      await press(page, "Create account")
      const field = page.getByLabel("Password", { exact: true })
      expect(await field.getAttribute("aria-describedby")).toContain("password-problem")
      expect(await page.locator("#password-problem").innerText()).toMatch(/stolen elsewhere/)
      expect(await page.getByLabel("Email").inputValue()).toBe(grace.email)
      expect(await page.getByLabel("Name").inputValue()).toBe(grace.name)
      expect(await field.inputValue()).toBe("")
      // Five digits of a digest are all that anybody was told.
      expect(stolen.asked.every((prefix) => /^[0-9A-F]{5}$/.test(prefix))).toBe(true)
      await fill(page, { Password: grace.password })
      await press(page, "Create account")
      await page.getByRole("heading", { name: "Check your mail" }).waitFor()
      await page.context().close()
    })
  })

  test("a list that does not answer keeps nobody out, and the log says so", async () => {
    await stolen.close()
    const grace = world.stranger()
    const page = await world.newPage()
    await page.goto(`${world.server.url}/create-account`)
    await fill(page, { Email: grace.email, Password: STOLEN })
    await press(page, "Create account")
    await page.getByRole("heading", { name: "Check your mail" }).waitFor()
    await expect.poll(world.server.log).toContain("breached passwords cannot be looked up")
    await page.context().close()
  })
})
