import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type AppUnderTest, ISSUER, openAppUnderTest } from "../testing.ts"
import { type BrowserUnderTest, openBrowserUnderTest } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
})
afterAll(() => under.close())

test("says who is signed in and what to type, and leads to every page", async () => {
  const page = await ann.page("/")
  expect(page).toContain("signed in as <bdi>ann@example.com</bdi>")
  expect(page).toContain('<code id="command">alchemy auth</code>')
  expect(page).toContain(`alchemy config set auth-url ${ISSUER}`)
  for (const path of ["/sessions", "/access-keys", "/apps", "/activity"])
    expect(page).toContain(`<h3><a href="${path}">`)
})

test("counts programs and keys", async () => {
  expect(await ann.page("/")).toContain("None is signed in.")
  const grant = { ...ALCHEMY_GRANT, accountId: ann.accountId, expiresInSeconds: 3600, device: {} }
  await under.tokens.createSession(grant)
  expect(await ann.page("/")).toContain("One is signed in.")
  await under.tokens.createSession(grant)
  expect(await ann.page("/")).toContain("2 are signed in.")
  await ann.post("/access-keys", { name: "CI", expires: "90" })
  expect(await ann.page("/")).toContain("1 key for jobs")
})

test("tells of the last sign-in", async () => {
  under.clock.now += 3 * 60_000
  expect(await ann.page("/")).toMatch(
    /Last sign-in: <bdi>Signed in with a password<\/bdi>, <time [^>]*>3 minutes ago<\/time>, from not known\./,
  )
})
