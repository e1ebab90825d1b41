import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, follow, press, signIn } from "./every-page/steps.ts"
import { linkIn, type Mailbox, openMailbox } from "./people/mailbox.ts"
import { DATABASES, openPeopleWorld, type PeopleWorld, WITH_AND_WITHOUT_SCRIPTS } from "./people/world.ts"

describe.each(DATABASES)("a mail server that is down, on %s", (database) => {
  let world: PeopleWorld
  let mailbox: Mailbox
  beforeAll(async () => {
    mailbox = await openMailbox()
    world = await openPeopleWorld(database, "journeys_mail_down", { mailbox })
  })
  afterAll(async () => {
    await world.remove()
    await mailbox.close()
  })

  test.each(WITH_AND_WITHOUT_SCRIPTS)(
    "with %s: a page and a log line, everything else goes on, and it comes back",
    async (_name, javaScriptEnabled) => {
      const ada = await world.newPerson()
      const page = await world.newPage({ javaScriptEnabled })
      await mailbox.close()
      const before = world.server.log().length
      await page.goto(`${world.server.url}/forgot-password`)
      await fill(page, { Email: ada.email })
      const answered = page.waitForResponse((response) => response.request().method() === "POST")
      await press(page, "Send a link")
      expect((await answered).status()).toBe(503)
      await page.getByText("no link has been sent. Nothing has changed.").waitFor()
      await expect
        .poll(() => world.server.log().slice(before))
        .toMatch(/"level":"error".*ECONNREFUSED.*"the mail server does not take mail"/)

      const grace = world.stranger()
      await page.goto(`${world.server.url}/create-account`)
      await fill(page, { Email: grace.email, Password: grace.password })
      await press(page, "Create account")
      await page.getByRole("heading", { name: "Mail cannot be sent right now" }).waitFor()
      await follow(page, "Sign in")
      await signIn(page, ada)
      await page.getByRole("heading", { name: "You are signed in" }).waitFor()

      mailbox = await openMailbox(mailbox.port)
      const other = await world.newPage({ javaScriptEnabled })
      // Nothing had changed: the account that could not be told of was not made, and its email is free.
      await other.goto(`${world.server.url}/create-account`)
      await fill(other, { Email: grace.email, Password: grace.password })
      await press(other, "Create account")
      await other.getByRole("heading", { name: "Check your mail" }).waitFor()
      linkIn(await mailbox.take(grace.email, /^Confirm your email/))
      await Promise.all([page.context().close(), other.context().close()])
    },
  )
})
