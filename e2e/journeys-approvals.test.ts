import { hostname } from "node:os"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { approved, standInAt } from "./every-page/programs.ts"
import { fill, press, signIn, unfold } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import {
  DATABASES,
  type Machine,
  openPeopleWorld,
  type PeopleWorld,
  signMachineIn,
  startLogin,
  stateOf,
  WITH_AND_WITHOUT_SCRIPTS,
} from "./people/world.ts"

const NEW = "a password that is new here"
const NOT_WHERE_YOU_ARE = "This was not started where you are."

describe.each(DATABASES)("approvals, on %s", (database) => {
  let world: PeopleWorld
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_approvals")
  })
  afterAll(() => world.remove())

  async function changePassword(page: Page, person: Person): Promise<void> {
    await page.goto(`${world.server.url}/security`)
    await unfold(page, "Change password")
    await fill(page, { "Current password": person.password, "New password": NEW })
    await press(page, "Change password")
    await page.getByText("Your password is changed.").waitFor()
  }

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    const openSignedIn = async (person: Person, path: string) => {
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(new URL(path, world.server.url).href)
      await signIn(page, person)
      return page
    }

    test("Deny: the terminal says so, and nothing is signed in", async () => {
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const page = await openSignedIn(await world.newPerson(), url)
      await page.getByRole("button", { name: "Deny" }).click()
      await page.waitForURL(/\/callback\?error=access_denied/)
      const { code, stderr } = await login.finished
      expect([code === 0, stderr.includes("LOGIN_DENIED")]).toEqual([false, true])
      expect(await stateOf(machine)).toBe("none")
      await page.goto(`${world.server.url}/activity`)
      await page.getByText(/was denied$/).waitFor()
      await page.context().close()
    })

    test("S48 S49 the password is changed elsewhere while an approval is open: its browser is signed out, and what it approves counts for nothing", async () => {
      const ada = await world.newPerson()
      const before = world.newMachine()
      await signMachineIn(before, ada)
      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      const b = await openSignedIn(ada, url)
      await b.getByRole("button", { name: "Approve" }).waitFor()
      const program = { client: "deploy/3.4.1", device: "build-server", address: "203.0.113.250" }
      const collect = await approved(world.server, ada, program, standInAt("203.0.113.251", "curl/8.0"))
      const a = await openSignedIn(ada, "/security")
      await changePassword(a, ada)

      await expect(collect()).rejects.toThrow("no token: 400")
      expect(await stateOf(before)).toBe("revoked")
      await press(b, "Approve")
      await b
        .getByText("This approval page has expired, or was opened in another browser or account.")
        .waitFor()
      expect(login.child.exitCode).toBeNull()
      expect(await stateOf(machine)).toBe("none")
      // This browser is signed out; the new password gets on.
      await b.goto(url)
      await signIn(b, ada)
      await b.getByText("The email or the password is wrong.").waitFor()
      await signIn(b, { ...ada, password: NEW })
      await b.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)
      // The browser that changed it was signed in all along.
      await a.goto(`${world.server.url}/sessions`)
      await a.getByText("One command-line program is signed in to this account.").waitFor()
      await Promise.all([a.context().close(), b.context().close()])
    })

    test("S41 a code from another kind of network: a warning beside program, machine, address and age; after Deny the terminal says so", async () => {
      const { login, url, phrase, userCode } = await startDevice(world.newMachine())
      const page = await openSignedIn(await world.newPerson(), url)
      await press(page, "Continue")
      const text = await page.getByRole("main").innerText()
      for (const part of [
        ...[userCode, phrase, "alchemy-cli/", hostname(), "127.0.0.1", "203.0.113."],
        ...["Started", "Did you start this?", NOT_WHERE_YOU_ARE],
      ])
        expect(text).toContain(part)
      expect(text).toContain("The program is on the server's own machine, and this browser on the internet.")
      await press(page, "Deny")
      await page.getByRole("heading", { name: "Denied" }).waitFor()
      expect((await login.finished).stderr).toContain("LOGIN_DENIED")
      await page.context().close()
    })

    test("S41 a code from where the browser is, too: no warning", async () => {
      const machine = world.newMachine()
      const { login, url } = await startDevice(machine)
      const page = await world.newPage({
        javaScriptEnabled,
        extraHTTPHeaders: { "X-Forwarded-For": "127.0.0.1" },
      })
      await page.goto(url)
      await signIn(page, await world.newPerson())
      await press(page, "Continue")
      expect(await page.getByRole("main").innerText()).not.toContain(NOT_WHERE_YOU_ARE)
      await press(page, "Approve")
      await page.getByRole("heading", { name: "Approved" }).waitFor()
      expect((await login.finished).code).toBe(0)
      expect(await stateOf(machine)).toBe("active")
      await page.context().close()
    })
  })
})

/** `alchemy auth login --device` that waits for an approval, and what it shows. */
async function startDevice(machine: Machine) {
  const login = machine.start("auth", "login", "--device")
  const [, json = ""] = await login.shows(/(\{"event":"device_code".*\})/)
  const { userCode, phrase, verificationUriComplete } = JSON.parse(json) as Record<string, string>
  return { login, userCode: userCode ?? "", phrase: phrase ?? "", url: verificationUriComplete ?? "" }
}
