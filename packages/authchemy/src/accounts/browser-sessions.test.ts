import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase, untilOneWaits } from "../database/testing.ts"
import { type AccountsUnderTest, openAccountsUnderTest, requestWith, VISIT } from "./accounts-testing.ts"
import { type BetterAuth, openBetterAuth } from "./better-auth.ts"
import { createBrowserSessions, type OwnBrowserSessions } from "./browser-sessions.ts"
import { createPasswordHashing } from "./passwords/password-hashing.ts"

let under: AccountsUnderTest
let sessions: OwnBrowserSessions
let id: string
/** Run before and after a new session is opened. */
let before: () => Promise<unknown>
let after: () => Promise<unknown>

function openSessions(): OwnBrowserSessions {
  const real = openBetterAuth({
    ...{ database: under.database, issuer: "http://localhost:4000", secret: "s".repeat(32) },
    ...{ mustVerifyEmail: false, passwords: createPasswordHashing(), now: Date.now },
  })
  const auth: BetterAuth = {
    ...real,
    openSession: async (...call) => {
      await before()
      const opened = await real.openSession(...call)
      await after()
      return opened
    },
  }
  return createBrowserSessions({
    ...{ database: under.database, auth, now: Date.now },
    audit: { record: () => {}, list: () => Promise.reject(new Error("not asked for here")) },
    background: { begin: () => {}, settled: async () => {} },
  })
}
const open = async (setCookies: readonly string[]) =>
  (await under.accounts.browserSession(requestWith(setCookies))) !== null

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    before = async () => {}
    after = async () => {}
    sessions = openSessions()
    id = (await under.create()).id
  })
  afterEach(() => under.close())

  test("renewed, a browser goes on in a new session, and all others have ended", async () => {
    const { browser, request } = await under.signedIn()
    const other = await under.signedIn()
    const setCookies = await sessions.renew(browser, VISIT)
    expect(await open(setCookies)).toBe(true)
    expect(await under.accounts.browserSession(request)).toBeNull()
    expect(await under.accounts.browserSession(other.request)).toBeNull()
    expect(await sessions.isOpen(browser)).toBe(false)
  })

  test("S48 a browser whose session something else has ended gets no new one, whenever that was", async () => {
    const endAll = () => sessions.endAll(id, null)
    const ended = (await under.signedIn()).browser
    await endAll()
    expect(await sessions.renew(ended, VISIT)).toEqual([])
    for (const place of ["before", "after"]) {
      const { browser } = await under.signedIn()
      before = place === "before" ? endAll : async () => {}
      after = place === "after" ? endAll : async () => {}
      expect(await open(await sessions.renew(browser, VISIT))).toBe(false)
      expect(await under.database.selectFrom("session").select("id").execute()).toEqual([])
    }
  })

  test.runIf(database.name === "PostgreSQL")(
    "S48 a session that comes in while all are being deleted is deleted, too",
    async () => {
      const { browser } = await under.signedIn()
      let ending: Promise<unknown> = Promise.resolve()
      await under.database.transaction().execute(async (other) => {
        await other.deleteFrom("session").where("id", "=", browser.sessionId).execute()
        ending = sessions.endAll(id, null)
        await untilOneWaits(under.database)
        expect(await sessions.open(id, VISIT)).toMatchObject({ ok: true })
      })
      await ending
      expect(await under.database.selectFrom("session").select("id").execute()).toEqual([])
    },
  )

  test("whoever watches learns that all ended, and leaves no trace", async () => {
    const [first, second] = [await sessions.watchEndings(id), await sessions.watchEndings(id)]
    expect(await first()).toBe(true)
    await sessions.endAll(id, null)
    expect(await second()).toBe(false)
    expect(await under.database.selectFrom("verification").select("id").execute()).toEqual([])
  })
})
