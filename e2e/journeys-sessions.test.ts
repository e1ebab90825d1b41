import { hostname } from "node:os"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { approved, standInAt } from "./every-page/programs.ts"
import { follow, press, signIn } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import {
  DATABASES,
  openPeopleWorld,
  type PeopleWorld,
  signMachineIn,
  stateOf,
  WITH_AND_WITHOUT_SCRIPTS,
} from "./people/world.ts"

describe.each(DATABASES)("sessions, on %s", (database) => {
  let world: PeopleWorld
  beforeAll(async () => {
    world = await openPeopleWorld(database, "journeys_sessions")
  })
  afterAll(() => world.remove())

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    const openSessions = async (person: Person) => {
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/`)
      await signIn(page, person)
      await follow(page, "Sessions")
      return page
    }

    test("S48 of two machines one is ended, and refused at its next call; then all", async () => {
      const ada = await world.newPerson()
      const machines = [world.newMachine(), world.newMachine()] as const
      for (const machine of machines) await signMachineIn(machine, ada)
      const states = () => Promise.all(machines.map(stateOf))
      const page = await openSessions(ada)
      await page.getByText("2 command-line programs are signed in to this account.").waitFor()
      const buttons = page.getByRole("button", { name: `End session on ${hostname()}` })
      expect(await buttons.count()).toBe(2)
      await buttons.first().click()
      await page.getByText("One command-line program is signed in to this account.").waitFor()
      const after = await states()
      expect(after.toSorted()).toEqual(["active", "revoked"])
      const ended = machines[after.indexOf("revoked")] ?? machines[0]
      expect((await ended.run("apps", "list")).code).not.toBe(0)

      await ended.run("auth", "logout")
      await signMachineIn(ended, ada)
      await page.reload()
      await press(page, "End all programs")
      await page.getByText("2 programs were signed out.").waitFor()
      await page.getByText("No command-line program is signed in to this account.").waitFor()
      expect(await states()).toEqual(["revoked", "revoked"])
      await page.context().close()
    })

    test("S48 an approval that no program has collected is shown as pending, and taken back it gives no token", async () => {
      const ada = await world.newPerson()
      const program = {
        ...{ client: "deploy/3.4.1", device: "build-server", os: "Debian 13", address: "203.0.113.250" },
      }
      const collect = await approved(world.server, ada, program, standInAt("203.0.113.251", "curl/8.0"))
      const page = await openSessions(ada)
      const row = page.getByRole("listitem").filter({ hasText: "build-server" })
      expect(await row.innerText()).toMatch(
        /pending[\s\S]*deploy\/3\.4\.1[\s\S]*not collected by the program/,
      )
      await press(page, "End all programs")
      await page.getByText("1 approval that no program had collected was taken back.").waitFor()
      await expect(collect()).rejects.toThrow("no token: 400")
      await page.context().close()
    })

    test("S48 another browser is ended, then all others, and this one goes on", async () => {
      const ada = await world.newPerson()
      const others: Page[] = []
      for (let count = 0; count < 3; count++) others.push(await openSessions(ada))
      const page = await openSessions(ada)
      await page.getByText("this browser").waitFor()
      const ends = page.getByRole("button", { name: /^End (Chrome|Chromium|Headless)/ })
      expect(await ends.count()).toBe(3)
      await ends.first().click()
      await page.getByText("1 browser was signed out.").waitFor()
      const signedOut = async () => {
        const headings = others.map(async (other) => {
          await other.goto(`${world.server.url}/sessions`)
          return other.getByRole("heading").first().innerText()
        })
        return (await Promise.all(headings)).filter((heading) => heading === "Sign in").length
      }
      expect(await signedOut()).toBe(1)
      await press(page, "End all others")
      await page.getByText("2 browsers were signed out.").waitFor()
      expect(await signedOut()).toBe(3)
      await page.reload()
      await page.getByText("No other browser is signed in to this account.").waitFor()
      await page.goto(`${world.server.url}/activity`)
      await page.getByText("2 browsers were signed out from elsewhere").waitFor()
      await Promise.all([page, ...others].map((one) => one.context().close()))
    })
  })
})
