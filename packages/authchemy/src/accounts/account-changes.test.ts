import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { createAccountChanges } from "./account-changes.ts"
import {
  type AccountsUnderTest,
  cookiesOf,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "./accounts-testing.ts"

let under: AccountsUnderTest
let accounts: AccountsUnderTest["accounts"]
const REFUSED = { ok: false, field: "form", message: expect.stringContaining("last 15 minutes") }

/** An account without a password, as a provider or a passkey alone makes it. */
async function withoutPassword() {
  const { id } = await under.create()
  const signedIn = await under.signedIn()
  await under.database.updateTable("account").set({ password: null }).where("userId", "=", id).execute()
  return signedIn
}
const setPassword = async (signedIn: Awaited<ReturnType<typeof withoutPassword>>) =>
  accounts.passwords.change(signedIn.browser, { current: "", next: PASSWORD }, VISIT)

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    accounts = under.accounts
  })
  afterEach(() => under.close())

  test("without a password, a sign-in of the last fifteen minutes is asked for", async () => {
    const signedIn = await withoutPassword()
    under.clock.ahead += 15 * 60 * 1000
    expect(await setPassword(signedIn)).toEqual(REFUSED)
    under.clock.ahead -= 60 * 1000
    expect(await setPassword(signedIn)).toMatchObject({ ok: true })
    expect(await accounts.security(signedIn.browser.account.id)).toMatchObject({ hasPassword: true })
    await under.signedIn()
  })

  test("a new session that a change brings is not a new sign-in", async () => {
    const signedIn = await withoutPassword()
    const begun = await accounts.secondFactor.begin(
      signedIn.browser,
      { password: "" },
      signedIn.request,
      VISIT,
    )
    expect(begun).toMatchObject({ ok: true })
    under.clock.ahead += 10 * 60 * 1000
    const request = requestWith(cookiesOf(await setPassword(signedIn)))
    const browser = await under.browserOf(request)
    await under.database.updateTable("account").set({ password: null }).execute()
    under.clock.ahead += 6 * 60 * 1000
    expect(await setPassword({ browser, request })).toEqual(REFUSED)
  })

  test("S48 a browser whose session was ended meanwhile gets no new one by its own change", async () => {
    await under.create()
    const { browser, request } = await under.signedIn()
    const form = { current: PASSWORD, next: PASSWORD }
    const [first, second] = [await under.signedIn(), { browser, request }]
    cookiesOf(await accounts.passwords.change(first.browser, form, VISIT))
    const late = await accounts.passwords.change(second.browser, form, VISIT)
    expect(late).toMatchObject({ ok: false, field: "form" })
  })

  test("notices are not sent where there is no mail server, nor does a failure of it stop anything", async () => {
    await under.create()
    const change = async () => {
      const { browser } = await under.signedIn()
      const outcome = await accounts.passwords.change(browser, { current: PASSWORD, next: PASSWORD }, VISIT)
      await accounts.settled()
      return outcome
    }
    under.mail.canSend = false
    expect(await change()).toMatchObject({ ok: true })
    expect(under.log).toEqual([])
    under.mail.canSend = true
    under.mail.down = true
    expect(await change()).toMatchObject({ ok: true })
    expect(under.log.join()).toMatch(/telling somebody of a change failed/)
    expect(under.mail.sent).toEqual([])
  })
})

test("S48 what was changed is told even where the last sessions could not be ended", async () => {
  let calls = 0
  const changes = createAccountChanges({
    tokens: {
      revokeSessions: async () => {
        if (++calls % 2 === 0) throw new Error("out of reach")
        return 2
      },
    },
    factors: { dropBegun: async () => {} },
    sessions: { endAll: async () => 0 },
  } as unknown as Parameters<typeof createAccountChanges>[0])
  const told: number[] = []
  const made = (ended: number) => void told.push(ended)
  const endingAfter = (change: () => Promise<void>) =>
    changes.endingSessions("ada", null, VISIT, change, made)
  await expect(endingAfter(async () => {})).rejects.toThrow("out of reach")
  expect(told).toEqual([2])
  await expect(endingAfter(() => Promise.reject(new Error("not made")))).rejects.toThrow("not made")
  expect(told).toEqual([2])
})

test("S48 command-line sessions end before the change and once more after it; the browser gets a new session", async () => {
  const done: string[] = []
  const step =
    <T>(name: string, answer: T) =>
    async () => {
      done.push(name)
      return answer
    }
  const changes = createAccountChanges({
    tokens: { revokeSessions: step("end command-line sessions", 2) },
    factors: { dropBegun: step("drop a second factor that was begun", undefined) },
    sessions: { renew: step("end browsers but this one", ["session=1"]) },
  } as unknown as Parameters<typeof createAccountChanges>[0])
  const browser = { account: { id: "ada", email: "", name: "" }, sessionId: "1" }
  expect(await changes.endingSessions("ada", browser, VISIT, step("change", undefined))).toEqual({
    setCookies: ["session=1"],
    endedSessions: 4,
  })
  expect(done).toEqual([
    ...["end command-line sessions", "change", "drop a second factor that was begun"],
    ...["end browsers but this one", "end command-line sessions"],
  ])
})
