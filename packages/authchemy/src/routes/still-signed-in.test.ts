import { afterEach, beforeEach, expect, test } from "vitest"
import { openBrowserUnderTest } from "./account/testing.ts"
import { CLIENTS, poll, startDevice, visitDevice } from "./oauth/testing.ts"
import { type AppUnderTest, form, loginQuery, openAppUnderTest, sealedRequestIn } from "./testing.ts"

let under: AppUnderTest
/** What is run, once, right before the named call of the token engine. */
let meanwhile: { call: string; run: () => Promise<unknown> } | null

beforeEach(async () => {
  meanwhile = null
  under = await openAppUnderTest({
    clients: CLIENTS,
    wrapTokens: (tokens) => {
      const around =
        <Rest extends unknown[], Result>(name: string, call: (...rest: Rest) => Promise<Result>) =>
        async (...rest: Rest) => {
          if (meanwhile?.call === name) {
            const { run } = meanwhile
            meanwhile = null
            await run()
          }
          return call(...rest)
        }
      return {
        ...tokens,
        issueCode: around("issueCode", tokens.issueCode),
        decideDevice: around("decideDevice", tokens.decideDevice),
        keep: around("keep", tokens.keep),
      }
    },
  })
})
afterEach(() => under.close())

/** All of Ann's ends, as when her password is reset. */
const endAll = () => under.accounts.administration.reset("ann@example.com", { secondFactor: false })
const sessionsOf = (accountId: string) => under.tokens.listSessions(accountId)

test("S48 an approval that is under way when all ends is handed to nobody", async () => {
  const cookie = await under.signIn()
  const { query } = loginQuery()
  const page = await under.app.request(`/login?${query}`, { headers: { Cookie: cookie } })
  const request = sealedRequestIn(await page.text())
  meanwhile = { call: "issueCode", run: endAll }
  const answer = await under.app.request("/login", form({ request, decision: "approve" }, { Cookie: cookie }))
  expect([answer.status, answer.headers.get("location")]).toEqual([403, null])
  expect(await answer.text()).not.toMatch(/code=/)
})

test("S48 a device that is being approved when all ends gets nothing", async () => {
  const cookie = await under.signIn()
  const ann = visitDevice(under, cookie)
  const { user_code, device_code } = await startDevice(under)
  const page = await (await ann.type(user_code)).text()
  meanwhile = { call: "decideDevice", run: endAll }
  expect((await ann.answer(page, "approve")).status).toBe(403)
  const polled = await poll(under, device_code)
  expect(polled.status).toBe(400)
})

test("S48 an access key that is being made when all ends is not shown, and no more", async () => {
  const ann = await openBrowserUnderTest(under)
  const fields = { name: "CI", expires: "90", form_token: await ann.formToken("/access-keys") }
  meanwhile = { call: "keep", run: endAll }
  const answer = await under.app.request("/access-keys", form(fields, { Cookie: ann.cookie }))
  expect(answer.status).toBe(403)
  expect(await answer.text()).not.toContain("alchemy_ak_")
  const again = await openBrowserUnderTest(under)
  expect(await again.page("/access-keys")).not.toMatch(/<h3 id="key_/)
  expect(await sessionsOf(ann.accountId)).toEqual([])
})
