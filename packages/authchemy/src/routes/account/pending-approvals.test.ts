import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type AppUnderTest, approvedCode, json, openAppUnderTest } from "../testing.ts"
import { pendingApprovals } from "./pending-approvals.ts"
import { type BrowserUnderTest, messageIn, openBrowserUnderTest, seeOther } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
})
afterAll(() => under.close())
beforeEach(async () => {
  await under.tokens.revokeSessions(ann.accountId)
  under.clock.now += 20 * 60_000
})

const approve = (device = "ann-laptop") => approvedCode(under, ann.cookie, { device })
const redeem = async (code: Awaited<ReturnType<typeof approve>>) =>
  (await under.app.request("/api/cli/token", json(code))).status
const pendingNames = async () =>
  (await pendingApprovals(under.audit, ann.accountId, under.clock.now)).map(({ device }) => device.name)
/** What the log says of it, the newest first. */
const takenBack = async () => {
  const of = { accountId: ann.accountId, types: ["approvals.voided"] as const }
  return (await under.audit.list({ ...of, limit: 99 })).events
}

describe("an approval that no program has collected", () => {
  test("is shown as pending, without a button, until it is collected", async () => {
    const code = await approve()
    const page = await ann.page("/sessions")
    expect(page).toContain('<bdi>ann-laptop</bdi> <span class="tag warn">pending</span>')
    expect(page).not.toContain('aria-label="End session on')
    expect(page).toContain("No command-line program is signed in")
    expect(await redeem(code)).toBe(200)
    const later = await ann.page("/sessions")
    expect(later).not.toContain("pending")
    expect(later).toContain('aria-label="End session on ann-laptop"')
  })

  test("is shown for as long as it can be collected", async () => {
    await approve()
    under.clock.now += 59_999
    expect(await pendingNames()).toEqual(["ann-laptop"])
    under.clock.now += 1
    expect(await pendingNames()).toEqual([])
  })

  test("of a device is shown, too", async () => {
    const challenge = { codeChallenge: null, address: "203.0.113.9", device: { name: "box" } }
    const asked = await under.tokens.requestDevice({ ...ALCHEMY_GRANT, ...challenge })
    await under.tokens.claimDevice(asked.userCode, ann.accountId)
    expect(await pendingNames()).toEqual([])
    await under.tokens.decideDevice(asked.userCode, ann.accountId, "approve")
    expect(await pendingNames()).toEqual(["box"])
    const poll = { clientId: ALCHEMY_GRANT.clientId, codeVerifier: null, expiresInSeconds: 3600 }
    await under.tokens.pollDevice({ ...poll, deviceCode: asked.deviceCode })
    expect(await pendingNames()).toEqual([])
  })

  test("is nobody else's to see", async () => {
    await approve()
    const bob = await openBrowserUnderTest(under, "bob@example.com")
    expect(await bob.page("/sessions")).not.toContain("pending")
  })

  test("S14 markup in a machine's name is shown as text", async () => {
    await approve("<img src=x onerror=alert(1)>")
    const page = await ann.page("/sessions")
    expect(page).not.toContain("<img src=x")
    expect(page).toContain("<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>")
  })

  test("S48 is taken back by ending all programs: no program gets a token, and the page says so", async () => {
    const [first, second, third] = [await approve("one"), await approve("two"), await approve("three")]
    expect(await redeem(first)).toBe(200)
    const answer = await ann.post("/sessions", { session: "all" })
    expect(seeOther(answer)).toEqual([303, "/sessions?ended=programs&count=1&approvals=2"])
    const page = await ann.page("/sessions?ended=programs&count=1&approvals=2")
    expect(messageIn(page)).toBe(
      "1 program was signed out. 2 approvals that no program had collected were taken back.",
    )
    expect(page).not.toContain("pending")
    expect([await redeem(second), await redeem(third)]).toEqual([400, 400])
    expect((await takenBack()).slice(0, 1)).toMatchObject([
      { accountId: ann.accountId, details: { count: 2 }, origin: { actor: "browser" } },
    ])
  })

  test("S48 alone can be taken back, too", async () => {
    const code = await approve()
    expect(await ann.page("/sessions")).toContain("End all programs")
    const answer = await ann.post("/sessions", { session: "all" })
    const [, location] = seeOther(answer)
    expect(location).toBe("/sessions?ended=programs&count=0&approvals=1")
    expect(messageIn(await ann.page(location ?? ""))).toBe(
      "1 approval that no program had collected was taken back.",
    )
    expect(await redeem(code)).toBe(400)
  })

  test("S48 is void, not shown, and told of, after whatever ends all that is signed in", async () => {
    const before = await takenBack()
    const code = await approve("before")
    const { token, session } = await under.tokens.createSession({
      ...ALCHEMY_GRANT,
      ...{ accountId: ann.accountId, device: {}, expiresInSeconds: 60, scopes: ["sessions:manage"] },
    })
    const headers = { authorization: `Bearer ${token}` }
    const ended = await under.app.request("/v1/sessions?others=true", { method: "DELETE", headers })
    expect(ended.status).toBe(200)
    expect(await pendingNames()).toEqual([])
    expect(await redeem(code)).toBe(400)
    await approve("after")
    expect(await pendingNames()).toEqual(["after"])
    await under.accounts.administration.reset("ann@example.com", { secondFactor: false })
    expect(await pendingNames()).toEqual([])
    const told = (await takenBack()).slice(0, -before.length || undefined)
    expect(told.map(({ details, origin }) => [details, origin.actor])).toEqual([
      [{ count: 1 }, "server"],
      [{ count: 1 }, "program"],
    ])
    // Nothing was waiting.
    expect(session.accountId).toBe(ann.accountId)
    await under.tokens.revokeSessions(ann.accountId)
    expect(await takenBack()).toHaveLength(before.length + 2)
  })
})
