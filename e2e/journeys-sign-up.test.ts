import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fill, press } from "./every-page/steps.ts"
import { linkIn } from "./people/mailbox.ts"
import { DATABASES, openPeopleWorld, type PeopleWorld, WITH_AND_WITHOUT_SCRIPTS } from "./people/world.ts"
import { type Server, startServer } from "./processes.ts"

describe.each(DATABASES)("who may create an account, on %s", (database) => {
  let world: PeopleWorld
  let closed: Server
  beforeAll(async () => {
    const env = { AUTHCHEMY_ALLOW_SIGN_UP: "northwind.example, bücher.example" }
    world = await openPeopleWorld(database, "journeys_sign_up", { env })
    closed = await startServer({
      dataDirectory: join(world.path, "closed"),
      env: { ...world.env, AUTHCHEMY_ALLOW_SIGN_UP: "closed" },
    })
  })
  afterAll(async () => {
    await closed.stop()
    await world.remove()
  })

  describe.each(WITH_AND_WITHOUT_SCRIPTS)("with %s", (_name, javaScriptEnabled) => {
    test("nobody: no page offers it, and its address says who makes accounts", async () => {
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${closed.url}/sign-in`)
      expect(await page.getByRole("link", { name: /create/i }).count()).toBe(0)
      const answer = await page.goto(`${closed.url}/create-account`)
      expect(answer?.status()).toBe(403)
      await page.getByText("Accounts on this server are made by whoever runs it.").waitFor()
      await page.context().close()
    })

    test("one domain: another is refused beside the field, which says which; its own gets a link", async () => {
      const page = await world.newPage({ javaScriptEnabled })
      await page.goto(`${world.server.url}/create-account`)
      await page.getByText("An address at northwind.example or bücher.example.").waitFor()
      const outsider = world.stranger("northwind.example.evil.example")
      await fill(page, { Email: outsider.email, Name: "Grace", Password: outsider.password })
      await press(page, "Create account")
      const field = page.getByLabel("Email")
      expect(await field.getAttribute("aria-invalid")).toBe("true")
      expect(await page.locator("#email-problem").innerText()).toContain("northwind.example")
      expect([await field.inputValue(), await page.getByLabel("Name").inputValue()]).toEqual([
        outsider.email,
        "Grace",
      ])
      for (const domain of ["northwind.example", "bücher.example"]) {
        const insider = world.stranger(domain)
        await page.goto(`${world.server.url}/create-account`)
        await fill(page, { Email: insider.email, Password: insider.password })
        await press(page, "Create account")
        await page.getByRole("heading", { name: "Check your mail" }).waitFor()
        // The browser sends the domain in Punycode.
        const email = insider.email.replace("bücher", "xn--bcher-kva")
        linkIn(await world.mailbox.take(email, /^Confirm your email/))
      }
      await page.context().close()
    })
  })

  test("a form that is sent to a server where nobody may, or for another domain, makes no account", async () => {
    const stranger = world.stranger("elsewhere.example")
    for (const [server, status] of [
      [closed, 403],
      [world.server, 400],
    ] as const) {
      const answer = await fetch(`${server.url}/create-account`, {
        method: "POST",
        headers: { origin: server.url },
        body: new URLSearchParams({ email: stranger.email, password: stranger.password, name: "" }),
      })
      expect(answer.status).toBe(status)
      const signIn = await fetch(`${server.url}/sign-in`, {
        method: "POST",
        headers: { origin: server.url },
        body: new URLSearchParams({ email: stranger.email, password: stranger.password }),
      })
      expect(signIn.status).toBe(401)
    }
  })
})
