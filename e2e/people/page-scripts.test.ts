import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { launchChromium } from "../chromium.ts"
import { addAuthenticator } from "./authenticator.ts"

const ASSETS = new URL("../../packages/authchemy/src/assets/", import.meta.url)
const script = (name: string) => readFileSync(new URL(name, ASSETS), "utf8")
const PAGE = `<!doctype html><title>Test</title>
<form method="post" action="/done" data-passkey="register" data-options="/create" hidden>
<input type="hidden" name="credential"><p role="alert" data-passkey-problem hidden></p><button>Add</button></form>
<form method="post" action="/done" data-passkey="sign-in" data-options="/get" hidden>
<input type="hidden" name="credential"><p role="alert" data-passkey-problem hidden></p><button>Sign in</button></form>
<ul id="codes"><li>one</li><li>two</li></ul><button type="button" data-copy="#codes" hidden>Copy</button>
<button type="button" data-copy="#nothing" hidden>Copy nothing</button>
<script type="module" src="/passkeys.js"></script><script type="module" src="/copy.js"></script>`
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'"

/** What the options' address answers: JSON, or a status. */
let options: Record<string, object | number>
/** What a refusal says of when to try again, in seconds. */
let retryAfter: number
let posted: string[]
let browser: Browser
let page: Page
let violations: string[]

const server = createServer(async (request, response) => {
  const path = request.url ?? ""
  let body = ""
  for await (const part of request) body += part
  if (path === "/passkeys.js" || path === "/copy.js") {
    response.setHeader("content-type", "text/javascript").end(script(path.slice(1)))
  } else if (request.method === "POST" && path !== "/done") {
    const answer = options[path] ?? 404
    if (typeof answer === "number") response.writeHead(answer, { "retry-after": String(retryAfter) }).end()
    else response.setHeader("content-type", "application/json").end(JSON.stringify(answer))
  } else {
    if (path === "/done") posted.push(new URLSearchParams(body).get("credential") ?? "")
    response.setHeader("content-security-policy", POLICY).setHeader("content-type", "text/html").end(PAGE)
  }
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
})
beforeEach(async () => {
  posted = []
  violations = []
  retryAfter = 60
  options = {
    "/create": {
      ...{ challenge: "YWJj", rp: { name: "Test", id: "localhost" } },
      user: { id: "AAAA", name: "ada@example.com", displayName: "Ada" },
      pubKeyCredParams: [-7, -257].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    },
    "/get": { challenge: "YWJj", rpId: "localhost", userVerification: "required", timeout: 1000 },
  }
  const context = await browser.newContext()
  page = await context.newPage()
  page.on("console", (message) => violations.push(message.text()))
})

async function open() {
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
}

test("a passkey is made and used: the form carries the browser's answer", async () => {
  await addAuthenticator(page)
  await open()
  await page.getByRole("button", { name: "Add" }).click()
  await expect.poll(() => posted.length).toBe(1)
  expect(JSON.parse(posted[0] ?? "")).toMatchObject({
    type: "public-key",
    response: { clientDataJSON: expect.any(String), attestationObject: expect.any(String) },
  })
  await page.getByRole("button", { name: "Sign in" }).click()
  await expect.poll(() => posted.length).toBe(2)
  expect(JSON.parse(posted[1] ?? "")).toMatchObject({
    response: { signature: expect.any(String), userHandle: "AAAA" },
  })
  expect(violations).toEqual([])
})

test("what fails is said in the form, and can be tried again", async () => {
  const authenticator = await addAuthenticator(page)
  await authenticator.refuse()
  await open()
  const button = page.getByRole("button", { name: "Sign in" })
  const said = page.locator("form[data-passkey=sign-in]").getByRole("alert")
  for (const [answer, sentence] of [
    [401, /signed out/],
    [429, /Too many attempts/],
    [503, /did not answer as it should/],
    [{ challenge: "YWJj", rpId: "evil.example" }, /do not work at this address/],
    [options["/get"] ?? 0, /No passkey was used/],
  ] as const) {
    options["/get"] = answer
    await button.click()
    await said.filter({ hasText: sentence }).waitFor()
    expect(await button.isEnabled()).toBe(true)
  }
  expect(posted).toEqual([])
})

test.each([
  [1, "Too many attempts. Try again in a minute."],
  [60, "Too many attempts. Try again in a minute."],
  [61, "Too many attempts. Try again in 2 minutes."],
  [600, "Too many attempts. Try again in 10 minutes."],
])("too many attempts, to be tried again after %i seconds: %s", async (seconds, sentence) => {
  options["/get"] = 429
  retryAfter = seconds
  await open()
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByText(sentence, { exact: true }).waitFor()
})

test("a device that has a passkey is told so", async () => {
  const authenticator = await addAuthenticator(page)
  await open()
  await page.getByRole("button", { name: "Add" }).click()
  await expect.poll(() => posted.length).toBe(1)
  const [{ credentialId = "" } = {}] = await authenticator.credentials()
  const id = Buffer.from(credentialId, "base64").toString("base64url")
  options["/create"] = { ...Object(options["/create"]), excludeCredentials: [{ type: "public-key", id }] }
  await page.getByRole("button", { name: "Add" }).click()
  await page.getByText("This device has a passkey for this account already.").waitFor()
})

test("where the browser cannot, or there is nothing to copy, nothing is offered", async () => {
  await page.addInitScript("delete window.PublicKeyCredential; delete Navigator.prototype.clipboard")
  await open()
  await page.waitForLoadState("networkidle")
  expect(await page.getByRole("button").count()).toBe(0)
  const able = await browser.newPage()
  page = able
  await open()
  await able.getByRole("button", { name: "Add" }).waitFor()
  expect(await able.getByRole("button", { name: "Copy nothing" }).count()).toBe(0)
})

test("a text is copied line by line, which is said for a moment", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"])
  await page.clock.install()
  await open()
  await page.getByRole("button", { name: "Copy", exact: true }).click()
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor()
  expect(await page.evaluate("navigator.clipboard.readText()")).toMatch(/^one\s+two$/)
  await page.clock.runFor(2_000)
  await page.getByRole("button", { name: "Copy", exact: true }).waitFor()
  expect(violations).toEqual([])
})

test("each is under 3 kB", () => {
  for (const name of ["passkeys.js", "copy.js"]) expect(script(name).length).toBeLessThan(3000)
})
