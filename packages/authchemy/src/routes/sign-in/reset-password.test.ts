import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest, PASSWORD } from "../testing.ts"
import { openBrowser, seeOther } from "./testing.ts"

let under: AppUnderTest
const PATH = "/reset-password"
const email = "ann@example.com"
const NEXT = "staple after staple"

beforeAll(async () => {
  under = await openAppUnderTest({ breached: ["password1"] })
  await under.signIn()
})
afterAll(() => under.close())

async function token(): Promise<string> {
  const made = await under.accounts.administration.reset(email, { secondFactor: false })
  return new URL(made?.link ?? "").searchParams.get("token") ?? ""
}

test("S19, S48 a link shows whose password it sets, sets it once, and tells what has ended", async () => {
  const link = await token()
  const account = await under.accounts.administration.findByEmail(email)
  const accountId = account?.id ?? ""
  const program = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3600, device: {} }
  const { token: bearer } = await under.tokens.createSession(program)
  const browser = openBrowser(under)
  for (let scan = 0; scan < 3; scan++) await browser.get(`${PATH}?token=${link}`)
  expect(browser.page).toContain("For <bdi>ann@example.com</bdi>")
  expect(browser.page).toMatch(/autocomplete="username"[^>]* hidden>/)
  expect(browser.page).toMatch(/name="password" type="password" autocomplete="new-password"/)
  const response = await browser.post(PATH, { token: link, password: NEXT, username: email })
  expect(seeOther(response)).toEqual([303, `${PATH}?ended=1`])
  await browser.follow(response)
  expect(browser.page).toContain("One command-line session has ended.")
  expect(browser.page).toContain('href="/sign-in?return_to=%2F"')
  expect(await under.tokens.verify(bearer)).toBeNull()
  expect(seeOther(await browser.post("/sign-in", { email, password: NEXT }))).toEqual([303, "/"])
  expect((await openBrowser(under).post("/sign-in", { email, password: PASSWORD })).status).toBe(401)

  expect((await browser.get(`${PATH}?token=${link}`)).status).toBe(400)
  expect((await browser.post(PATH, { token: link, password: PASSWORD })).status).toBe(400)
  expect(browser.page).toContain("This link cannot be used any more")
  expect(browser.page).toContain('href="/forgot-password"')
})

test("it says what still opens the account; what the address says of it is one of few words", async () => {
  const linked = await token()
  const browser = openBrowser(under)
  await browser.post("/sign-in", { email, password: NEXT })
  await browser.get("/access-keys")
  await browser.post("/access-keys", { name: "CI", expires: "90" })
  const response = await browser.post(PATH, { token: linked, password: NEXT })
  expect(seeOther(response)).toEqual([303, `${PATH}?ended=0&open=accessKeys`])
  await browser.follow(response)
  expect(browser.page).toContain("These still open the account: access keys.")
  await browser.get(`${PATH}?ended=0&open=passkeys,providers,constructor,<b>`)
  expect(browser.page).toContain("These still open the account: passkeys and links to other providers.")
  await browser.get(`${PATH}?ended=0&open=<b>x</b>`)
  expect(browser.page).not.toMatch(/still open|<b>|&lt;b/)
})

test("where the email was never verified, the form says what will be removed", async () => {
  const person = { email: "unproved@example.com", password: PASSWORD, name: "" }
  await openBrowser(under).post("/create-account", person)
  const made = await under.accounts.administration.reset(person.email, { secondFactor: false })
  const browser = openBrowser(under)
  const link = new URL(made?.link ?? "")
  await browser.get(link.pathname + link.search)
  expect(browser.page).toContain("This email was never verified")
  await browser.get(`${PATH}?token=${await token()}`)
  expect(browser.page).not.toContain("never verified")
})

test.each([
  ["short", /id="password-problem">Password must have at least 8/],
  ["password1", /id="password-problem">[^<]*stolen/],
])(
  "the password %s is refused beside the field, and the link is as good as before",
  async (password, said) => {
    const link = await token()
    const browser = openBrowser(under)
    const response = await browser.post(PATH, { token: link, password })
    expect(response.status).toBe(400)
    expect(browser.page).toMatch(said)
    expect(browser.page).toContain("<title>Password not changed")
    expect(browser.page).not.toContain(`value="${password}"`)
    expect((await browser.post(PATH, { token: link, password: NEXT })).status).toBe(303)
  },
)

test("without a link there is nothing to set", async () => {
  const browser = openBrowser(under)
  expect(seeOther(await browser.get(PATH))).toEqual([303, "/forgot-password"])
  expect(seeOther(await browser.get(`${PATH}?ended=<b>`))).toEqual([303, "/forgot-password"])
  expect((await browser.get(`${PATH}?token=${"x".repeat(43)}`)).status).toBe(400)
  expect((await browser.post(PATH, { password: NEXT })).status).toBe(400)
})

test("S20 the address, which holds the link's token, is sent nowhere", async () => {
  const response = await openBrowser(under).get(`${PATH}?token=${await token()}`)
  expect(response.headers.get("referrer-policy")).toBe("no-referrer")
  expect(response.headers.get("cache-control")).toBe("no-store")
  expect(under.log.join("\n")).not.toContain("token=")
})

test("another site's page sets nothing", async () => {
  const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  const fields = { token: await token(), password: NEXT }
  expect((await openBrowser(under).post(PATH, fields, foreign)).status).toBe(403)
})
