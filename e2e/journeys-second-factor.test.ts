import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { beginSecondFactor, fill, follow, press, signIn, unfold } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import { totpOf } from "./people/totp.ts"
import {
  DATABASES,
  openPeopleWorld,
  type PeopleWorld,
  startLogin,
  stateOf,
  WITH_AND_WITHOUT_SCRIPTS,
} from "./people/world.ts"

const STEP_MS = 30_000
/** A code that is right now and in the step after, however long the page takes. */
const nextCode = (secret: string) => totpOf(secret, Date.now() + STEP_MS)

describe.each(DATABASES)("a second factor, on %s", (database) => {
  let world: PeopleWorld
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_second_factor")
  })
  afterAll(() => world.remove())

  /** On the Security page: turns it on. @returns its secret, and the recovery codes */
  async function turnOn(page: Page, person: Person): Promise<{ secret: string; recoveryCodes: string[] }> {
    await page.goto(`${world.server.url}/security`)
    await signIn(page, person)
    const secret = await beginSecondFactor(page, person)
    await fill(page, { "Code from the app": totpOf(secret) })
    await press(page, "Turn on")
    return { secret, recoveryCodes: await page.locator("#recovery-codes li").allInnerTexts() }
  }

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    test("is set up with a code of the shown secret; recovery codes are shown once; a code works once, and a recovery code once", async () => {
      const ada = await world.newPerson()
      const page = await world.newPage({ javaScriptEnabled })
      const { secret, recoveryCodes } = await turnOn(page, ada)
      expect(new Set(recoveryCodes).size).toBeGreaterThanOrEqual(8)
      await page.reload()
      const again = await page.content()
      expect(recoveryCodes.filter((code) => again.includes(code))).toEqual([])
      expect(again.replace(/\s|<[^>]*>/g, "")).not.toContain(secret)
      await page.goto(`${world.server.url}/security`)
      await page.getByText(`${recoveryCodes.length} recovery codes are left.`).waitFor()
      await page.context().close()

      const code = nextCode(secret)
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const first = await world.newPage({ javaScriptEnabled })
      await first.goto(url)
      await signIn(first, ada)
      await fill(first, { Code: `${code.slice(0, 3)} ${code.slice(3)}` })
      await press(first, "Sign in")
      await first.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)
      await first.context().close()

      const second = await world.newPage({ javaScriptEnabled })
      await second.goto(`${world.server.url}/sessions`)
      await signIn(second, ada)
      await fill(second, { Code: code })
      await press(second, "Sign in")
      await second.getByRole("alert").getByText("This code has been used.").waitFor()
      expect(await second.locator("#code-problem").innerText()).toContain("Wait for the next one.")
      await follow(second, "Type a recovery code instead")
      const [recoveryCode = ""] = recoveryCodes
      await fill(second, { "Recovery code": recoveryCode })
      await press(second, "Sign in")
      await second.getByRole("heading", { name: "Sessions" }).waitFor()
      await second.goto(`${world.server.url}/activity`)
      await second.getByText(`A recovery code was used; ${recoveryCodes.length - 1} are left`).waitFor()
      await second.context().close()

      const third = await world.newPage({ javaScriptEnabled })
      await third.goto(`${world.server.url}/sessions`)
      await signIn(third, ada)
      await follow(third, "Type a recovery code instead")
      await fill(third, { "Recovery code": recoveryCode })
      await press(third, "Sign in")
      await third.getByRole("alert").getByText("The code is wrong.").waitFor()
      await third.goto(`${world.server.url}/sessions`)
      await third.getByRole("heading", { name: "Sign in" }).waitFor()
      await third.context().close()
    })

    test("S48 turned off with the password: the other browser and the program are signed out, and the password is enough", async () => {
      const ada = await world.newPerson()
      const page = await world.newPage({ javaScriptEnabled })
      const { recoveryCodes } = await turnOn(page, ada)
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const other = await world.newPage({ javaScriptEnabled })
      await other.goto(url)
      await signIn(other, ada)
      await fill(other, { Code: recoveryCodes[1] ?? "" })
      await press(other, "Sign in")
      await other.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)

      await page.goto(`${world.server.url}/security`)
      const panel = page.locator("#second-factor")
      await unfold(page, "Turn the second factor off")
      await panel.locator("#removeSecondFactor-password").fill("not my password")
      await press(page, "Turn off")
      await page.getByRole("alert").getByText("The password is wrong.").waitFor()
      expect(await stateOf(machine)).toBe("active")
      await panel.locator("#removeSecondFactor-password").fill(ada.password)
      await press(page, "Turn off")
      await page.getByText("The second factor is off. One command-line session has ended.").waitFor()
      expect(await stateOf(machine)).toBe("revoked")
      await page.reload()
      await page.getByRole("heading", { name: "Security" }).waitFor()
      await other.goto(`${world.server.url}/sessions`)
      await signIn(other, ada)
      await other.getByRole("heading", { name: "Sessions" }).waitFor()
      await world.mailbox.take(ada.email, /^Sign-in with a second factor was turned off/)
      await Promise.all([page.context().close(), other.context().close()])
    })
  })

  test("S37 wrong codes are limited, whoever types them where: 429, and the page says when to try again", async () => {
    const ada = await world.newPerson()
    const page = await world.newPage()
    const { secret } = await turnOn(page, ada)
    await page.context().close()
    const right = [-2, -1, 0, 1, 2, 3].map((steps) => totpOf(secret, Date.now() + steps * STEP_MS))
    const wrong = ["000000", "111111", "222222", "333333", "444444", "555555", "666666"].find(
      (code) => !right.includes(code),
    )
    const attempt = async () => {
      const guesser = await world.newPage({ javaScriptEnabled: false })
      await guesser.goto(`${world.server.url}/sign-in`)
      await signIn(guesser, ada)
      return guesser
    }
    const statuses: number[] = []
    let guesser = await attempt()
    const guess = async (code: string) => {
      const answered = guesser.waitForResponse((response) => response.request().method() === "POST")
      await fill(guesser, { Code: code })
      await press(guesser, "Sign in")
      statuses.push((await answered).status())
      return answered
    }
    while (statuses.length < 10) {
      await guess(wrong ?? "")
      // Some wrong codes end the attempt, and it begins anew with the password.
      if ((await guesser.getByLabel("Code", { exact: true }).count()) > 0) continue
      await guesser.context().close()
      guesser = await attempt()
    }
    expect(statuses.every((status) => status === 400 || status === 401)).toBe(true)
    const answer = await guess(nextCode(secret))
    expect(answer.status()).toBe(429)
    expect(Number(answer.headers()["retry-after"])).toBeGreaterThan(60)
    await guesser
      .getByRole("alert")
      .getByText(/Too many attempts\. Try again in 1\d minutes\./)
      .waitFor()
    await guesser.context().close()
  })
})
