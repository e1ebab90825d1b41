import { randomBytes } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { BrowserContext } from "playwright-core"
import { describe, expect, test } from "vitest"
import { beginSecondFactor, fill, follow, press, signIn } from "./every-page/steps.ts"
import { linkIn, openMailbox } from "./people/mailbox.ts"
import { agreeAtUpstream } from "./people/provider.ts"
import { openProviderWorld } from "./people/provider-world.ts"
import { totpOf } from "./people/totp.ts"
import { DATABASES, startLogin } from "./people/world.ts"
import { statusWith } from "./people.ts"
import { temporaryDirectory } from "./processes.ts"
import { storedBy } from "./stored.ts"

/** What must not be found, by what it is. */
type Secrets = Map<string, string>

describe.each(DATABASES)("secrets of people and operators, on %s", (database) => {
  test("S45 S53 no password, code, link, key, cookie or secret is in the stores, the log or the heap", async () => {
    const mailPassword = `mail ${randomBytes(12).toString("hex")}`
    const webhookSecret = randomBytes(32).toString("base64")
    const mailbox = await openMailbox(0, { user: "authchemy", password: mailPassword })
    const snapshots = await temporaryDirectory("heap")
    const world = await openProviderWorld(database, "s_numbers_secrets", {
      mailbox,
      env: {
        // Nothing listens there, so that the log tells of it, too.
        AUTHCHEMY_WEBHOOK_URL: "http://127.0.0.1:9/hook",
        AUTHCHEMY_WEBHOOK_SECRET: `whsec_${webhookSecret}`,
        NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${snapshots.path}`,
      },
    })
    const secrets: Secrets = new Map()
    const note = (what: string, secret: string) => secrets.set(`${what} ${secrets.size}`, secret)
    const tokenOf = (link: string) => new URL(link).searchParams.get("token") ?? ""
    try {
      const context = await world.browser.newContext({ javaScriptEnabled: false })
      const page = await context.newPage()
      watch(context, note)

      const grace = world.stranger()
      note("password", grace.password)
      await page.goto(`${world.server.url}/create-account`)
      await fill(page, { Email: grace.email, Password: grace.password })
      await press(page, "Create account")
      const verification = linkIn(await mailbox.take(grace.email, /^Confirm your email/))
      note("link that verifies", tokenOf(verification))
      await page.goto(verification)
      await fill(page, { Password: grace.password })
      await press(page, "Verify my email")
      await page.context().clearCookies()
      await page.goto(`${world.server.url}/forgot-password`)
      await fill(page, { Email: grace.email })
      await press(page, "Send a link")
      const reset = linkIn(await mailbox.take(grace.email, /^Set a new password/))
      note("link that resets", tokenOf(reset))
      const unused = world.stranger()
      await page.goto(`${world.server.url}/create-account`)
      await fill(page, { Email: unused.email, Password: unused.password })
      await press(page, "Create account")
      note("link that nobody opened", tokenOf(linkIn(await mailbox.take(unused.email, /^Confirm/))))
      note("password", unused.password)

      const person = { ...grace, password: `new ${randomBytes(9).toString("hex")}` }
      note("password", person.password)
      await page.goto(reset)
      await fill(page, { "New password": person.password })
      await press(page, "Set new password")
      await page.goto(`${world.server.url}/security`)
      await signIn(page, { ...person, password: "a wrong password that is nobody's" })
      note("password", "a wrong password that is nobody's")
      await signIn(page, person)
      const secret = await beginSecondFactor(page, person)
      note("secret of the second factor", secret)
      await fill(page, { "Code from the app": totpOf(secret) })
      await press(page, "Turn on")
      const recoveryCodes = await page.locator("#recovery-codes li").allInnerTexts()
      for (const code of recoveryCodes) note("recovery code", code)
      await page.goto(`${world.server.url}/access-keys`)
      await fill(page, { Name: "CI" })
      await press(page, "Create key")
      const key = await page.locator("#key").innerText()
      note("access key", key)
      expect(await statusWith(world.server, key)).toBe(200)
      await press(page, "Sign out")

      const machine = world.newMachine()
      const { login, url } = await startLogin(machine)
      await page.goto(url)
      await signIn(page, person)
      await follow(page, "Type a recovery code instead")
      await fill(page, { "Recovery code": recoveryCodes[3] ?? "" })
      await press(page, "Sign in")
      await page.getByRole("button", { name: "Approve" }).click()
      expect((await login.finished).code).toBe(0)
      note("token", (await machine.run("auth", "token")).stdout.trim())
      await page.goto(`${world.server.url}/`)
      await press(page, "Sign out")
      await page.getByRole("button", { name: "Continue with Example Company" }).click()
      await agreeAtUpstream(page, world.known())
      await page.getByRole("heading", { name: "You are signed in" }).waitFor()

      expect([...secrets.keys()].join()).toMatch(/cookie[\s\S]*code of a redirect/)
      const heap = await heapOf(world.server.pid, snapshots.path)
      await context.close()
      await world.server.stop()
      const stored = await storedBy(world.server)
      const log = world.server.log()
      expect(log).toContain("webhook")
      expect(heap.includes(world.upstream.clientSecret), "the heap has what the server works with").toBe(true)
      expect(stored.includes(grace.email)).toBe(true)
      for (const [what, value] of secrets) {
        for (const form of formsOf(what, value))
          expect(heap.includes(form), `${what} in the heap`).toBe(false)
      }
      // These the server works with.
      note("secret at the provider", world.upstream.clientSecret)
      note("password of the mail server", mailPassword)
      note("secret of the webhook", webhookSecret)
      for (const [what, value] of secrets) {
        for (const form of formsOf(what, value)) {
          expect(log.includes(form), `${what} in the log`).toBe(false)
          expect(stored.includes(form), `${what} in the stores`).toBe(false)
        }
      }
    } finally {
      await world.remove()
      await snapshots.remove()
    }
  })
})

/** Everything that a server's memory holds after a garbage collection, as Node writes it down. */
async function heapOf(pid: number, directory: string): Promise<string> {
  process.kill(pid, "SIGUSR2")
  let text = ""
  const isWhole = async () => {
    const [name] = await readdir(directory)
    text = name === undefined ? "" : await readFile(join(directory, name), "utf8")
    return /\]\s*\}\s*$/.test(text.slice(-20))
  }
  await expect.poll(isWhole, { timeout: 20_000, interval: 200 }).toBe(true)
  return text
}

/** Notes what a browser is given to keep, and the codes that it carries. */
function watch(context: BrowserContext, note: (what: string, secret: string) => void): void {
  context.on("response", async (response) => {
    const headers = await response.headersArray().catch(() => [])
    for (const { name, value } of headers) {
      const cookie = name.toLowerCase() === "set-cookie" ? /^[^=]*=([^;]*)/.exec(value)?.[1] : undefined
      if (cookie) note("cookie", decodeURIComponent(cookie))
    }
  })
  context.on("request", (request) => {
    const code = new URL(request.url()).searchParams.get("code")
    if (code !== null) note("code of a redirect", code)
  })
}

/** A secret as it might be written: as it is, and its bytes. */
function formsOf(what: string, value: string): string[] {
  if (!what.startsWith("secret of the second factor")) return [value]
  const bits = Array.from(value, (character) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character).toString(2).padStart(5, "0"),
  ).join("")
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  return [value, ...(["hex", "base64", "base64url", "latin1"] as const).map((form) => bytes.toString(form))]
}
