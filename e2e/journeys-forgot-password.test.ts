import { request } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, follow, press, signIn } from "./every-page/steps.ts"
import { linkIn } from "./people/mailbox.ts"
import {
  DATABASES,
  openPeopleWorld,
  type PeopleWorld,
  startLogin,
  stateOf,
  WITH_AND_WITHOUT_SCRIPTS,
} from "./people/world.ts"

const NEW = "a password that is new here"

describe.each(DATABASES)("a forgotten password, on %s", (database) => {
  let world: PeopleWorld
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_forgot_password", { redis: 33 })
  })
  afterAll(() => world.remove())

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    test("S48 a link sets a new one, once; the old one, every browser and every program are signed out", async () => {
      const ada = await world.newPerson()
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const signedIn = await world.newPage({ javaScriptEnabled })
      await signedIn.goto(url)
      await signIn(signedIn, ada)
      await signedIn.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)
      expect(await stateOf(machine)).toBe("active")

      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/sign-in`)
      await follow(page, "Forgot your password?")
      await fill(page, { Email: ada.email.toUpperCase() })
      await press(page, "Send a link")
      await page.getByRole("heading", { name: "Check your mail" }).waitFor()
      const link = linkIn(await world.mailbox.take(ada.email, /^Set a new password/))
      await scan(link)
      await page.goto(link)
      expect(await page.getByRole("main").innerText()).toContain(ada.email)
      await fill(page, { "New password": "short" })
      await press(page, "Set new password")
      expect(await page.locator("#password-problem").innerText()).toMatch(/8/)
      await fill(page, { "New password": NEW })
      await press(page, "Set new password")
      await page.getByText("One command-line session has ended.").waitFor()
      await page.goto(link)
      await page.getByRole("heading", { name: "This link cannot be used any more" }).waitFor()

      expect(await stateOf(machine)).toBe("revoked")
      await signedIn.goto(`${world.server.url}/sessions`)
      await signIn(signedIn, ada)
      await signedIn.getByText("The email or the password is wrong.").waitFor()
      await signIn(signedIn, { ...ada, password: NEW })
      await signedIn.getByRole("heading", { name: "Sessions" }).waitFor()
      expect((await world.mailbox.take(ada.email, /^The password was reset/)).text).toMatch(/Set|set/)
      await Promise.all([page.context().close(), signedIn.context().close()])
    })

    test("an email without an account: the same answer, and no mail", async () => {
      const [ada, stranger] = [await world.newPerson(), world.stranger()]
      const answers: string[] = []
      for (const { email } of [stranger, ada]) {
        const page = await world.newPage({ javaScriptEnabled })
        await page.goto(`${world.server.url}/forgot-password`)
        await fill(page, { Email: email })
        await press(page, "Send a link")
        answers.push((await page.getByRole("main").innerText()).replace(email, "…"))
        await page.context().close()
      }
      expect(answers[0]).toBe(answers[1])
      // When the second mail is there, the first would be.
      await world.mailbox.take(ada.email, /^Set a new password/)
      expect(world.mailbox.mails.some(({ to }) => to?.[0]?.address === stranger.email)).toBe(false)
    })
  })

  test("S33 whatever host a request names, the link leads to this server", async () => {
    const ada = await world.newPerson()
    const body = new URLSearchParams({ email: ada.email }).toString()
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        Host: "evil.example",
        "X-Forwarded-Host": "evil.example",
        Forwarded: "host=evil.example;proto=https",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": body.length,
      }
      const { port } = world.server
      const sent = request({ port, method: "POST", path: "/forgot-password", headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.once("error", reject).end(body)
    })
    expect(status).toBe(200)
    const mail = await world.mailbox.take(ada.email, /^Set a new password/)
    expect(linkIn(mail).startsWith(`${world.server.url}/reset-password?token=`)).toBe(true)
    expect(`${mail.text}${mail.html}`).not.toContain("evil.example")
  })
})

/** What mail scanners do with a link before a person sees it. */
async function scan(link: string): Promise<void> {
  for (const method of ["GET", "HEAD", "GET"]) {
    const answer = await fetch(link, { method })
    await answer.body?.cancel()
    expect(answer.status).toBe(200)
  }
}
