import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase, untilOneWaits } from "../database/testing.ts"
import {
  type AccountsUnderTest,
  codeOf,
  cookiesOf,
  ISSUER,
  openAccountsUnderTest,
  PASSWORD,
  requestWith,
  VISIT,
} from "./accounts-testing.ts"
import { openBetterAuth } from "./better-auth.ts"
import type { Outcome } from "./built-in.ts"
import { createAuthenticator } from "./passkeys/testing.ts"
import { createPasswordHashing } from "./passwords/password-hashing.ts"

type Accounts = AccountsUnderTest["accounts"]

let under: AccountsUnderTest
let id: string
const EMAIL = "ada@example.com"
const PLACES_AT_MOST = 40

/** All that is signed in to the account ends, as when its password is reset. */
const endAll = () => under.accounts.administration.reset(EMAIL, { secondFactor: false })

/**
 * Runs something again and again, each time with everything ended right after another one of its statements.
 * @param run begins with `ready()`, after which statements count
 * @param check looks at each that was disturbed
 * @returns whether each went well; the last one was not disturbed
 */
async function endingAtEach(
  run: (accounts: Accounts, ready: () => void) => Promise<Outcome>,
  check: (outcome: Outcome) => Promise<void>,
): Promise<boolean[]> {
  const wentWell: boolean[] = []
  for (let place = 1; place <= PLACES_AT_MOST; place++) {
    let statement: number | null = null
    let disturbed = false
    let ending: Promise<unknown> = Promise.resolve()
    const database = under.database.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        if (statement !== null && ++statement === place) {
          disturbed = true
          ending = endAll()
          // Within a transaction it can wait for what the transaction holds; then it goes on beside the rest.
          await Promise.race([ending, untilOneWaits(under.database).catch(() => {})])
        }
        return result
      },
    })
    // Better Auth is told the kind of database by its class.
    Object.setPrototypeOf(database, Object.getPrototypeOf(under.database))
    const outcome = await run(under.again({ database }), () => {
      statement = 0
    })
    await ending
    wentWell.push(outcome.ok)
    if (!disturbed) return wentWell
    await check(outcome)
  }
  throw new Error("it makes more statements than it is tried with")
}

async function isSignedIn(outcome: Outcome): Promise<boolean> {
  return outcome.ok && (await under.accounts.browserSession(requestWith(outcome.setCookies))) !== null
}
const isSecondFactorOn = async () => (await under.accounts.security(id)).secondFactor !== null

/** Signs a new browser in without any proof, which takes no time, to an account whose changes are then not confirmed with a password. */
async function signedIn() {
  await under.database.updateTable("account").set({ password: null }).execute()
  const auth = openBetterAuth({
    ...{ database: under.database, issuer: ISSUER, secret: "s".repeat(32), mustVerifyEmail: false },
    ...{ passwords: createPasswordHashing(), now: Date.now },
  })
  const request = requestWith((await auth.openSession(id, { visit: VISIT })).setCookies)
  return { request, browser: await under.browserOf(request) }
}
async function begin() {
  const { browser, request } = await signedIn()
  const begun = await under.accounts.secondFactor.begin(browser, { password: "" }, request, VISIT)
  if (!begun.ok) throw new Error(begun.message)
  return { browser, request, secret: begun.secret }
}

async function turnOn() {
  const { browser, request } = await under.signedIn()
  const begun = await under.accounts.secondFactor.begin(browser, { password: PASSWORD }, request, VISIT)
  if (!begun.ok) throw new Error(begun.message)
  // The code before the present one, which is then free for a sign-in.
  const code = codeOf(begun.secret, -1)
  const confirmed = await under.accounts.secondFactor.confirm(browser, { code }, request, VISIT)
  if (!confirmed.ok) throw new Error(confirmed.message)
  const after = requestWith(confirmed.setCookies)
  return { secret: begun.secret, codes: [...confirmed.recoveryCodes], browser: await under.browserOf(after) }
}
async function signedInHalf(): Promise<Request> {
  const half = await under.accounts.passwords.signIn({ email: EMAIL, password: PASSWORD }, VISIT)
  return requestWith(cookiesOf(half))
}

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    id = (await under.create()).id
  })
  afterEach(() => under.close())

  test("S48 a passkey that was being added when all ended is not there, unless it came before", async () => {
    const wentWell = await endingAtEach(
      async (accounts, ready) => {
        const { browser } = await signedIn()
        const { options, setCookies } = await accounts.passkeys.registrationOptions(browser)
        const authenticator = createAuthenticator({ origin: "http://localhost:4000", rpId: "localhost" })
        const credential = authenticator.create(options)
        ready()
        const form = { credential, name: "Key", password: "" }
        return accounts.passkeys.register(browser, form, requestWith(setCookies), VISIT)
      },
      async ({ ok }) => {
        const { passkeys } = await under.accounts.security(id)
        expect(passkeys).toHaveLength(ok ? 1 : 0)
      },
    )
    // The last statement is the look whether anything has ended.
    expect(wentWell.slice(0, -2)).not.toContain(true)
    expect(wentWell.length).toBeGreaterThan(3)
    expect(wentWell.at(-1)).toBe(true)
  })

  test("S48 a second factor that was being turned on when all ended is off, and its browser signed out", async () => {
    const wentWell = await endingAtEach(
      async (accounts, ready) => {
        const { browser, request, secret } = await begin()
        ready()
        const code = codeOf(secret)
        return accounts.secondFactor.confirm(browser, { code }, request, VISIT)
      },
      async (outcome) => {
        expect(await isSignedIn(outcome)).toBe(false)
        expect(await isSecondFactorOn()).toBe(outcome.ok)
        if (outcome.ok) await under.accounts.administration.reset(EMAIL, { secondFactor: true })
      },
    )
    expect(wentWell.slice(0, -2)).not.toContain(true)
    expect(wentWell.length).toBeGreaterThan(5)
    expect(wentWell.at(-1)).toBe(true)
  })

  test("S48 a sign-in that was being completed with a code when all ended leaves no session", {
    timeout: 60_000,
  }, async () => {
    const { secret } = await turnOn()
    const wentWell = await endingAtEach(
      async (accounts, ready) => {
        const half = await signedInHalf()
        ready()
        const outcome = await accounts.secondFactor.answer({ code: codeOf(secret) }, half, VISIT)
        await under.tokens.take(`used second-factor code ${id} ${codeOf(secret)}`)
        return outcome
      },
      async (outcome) => expect(await isSignedIn(outcome)).toBe(false),
    )
    expect(wentWell.slice(0, -2)).not.toContain(true)
    expect(wentWell.length).toBeGreaterThan(5)
    expect(wentWell.at(-1)).toBe(true)
  })

  test("S48 nor one with a recovery code", { timeout: 60_000 }, async () => {
    let { codes, browser } = await turnOn()
    const wentWell = await endingAtEach(
      async (accounts, ready) => {
        if (codes.length === 0) {
          await under.accounts.administration.reset(EMAIL, { secondFactor: true })
          ;({ codes, browser } = await turnOn())
        }
        const half = await signedInHalf()
        ready()
        return accounts.secondFactor.answer({ code: codes.pop() ?? "" }, half, VISIT)
      },
      async (outcome) => expect(await isSignedIn(outcome)).toBe(false),
    )
    expect(browser.account.id).toBe(id)
    expect(wentWell.at(-1)).toBe(true)
  })

  test("S48 a second factor that was being turned off when all ended stays on, unless it came before", async () => {
    const wentWell = await endingAtEach(
      async (accounts, ready) => {
        if (!(await isSecondFactorOn())) {
          const { browser, request, secret } = await begin()
          await under.accounts.secondFactor.confirm(browser, { code: codeOf(secret) }, request, VISIT)
        }
        const { browser } = await signedIn()
        ready()
        return accounts.secondFactor.remove(browser, { password: "" }, VISIT)
      },
      async (outcome) => {
        expect(await isSignedIn(outcome)).toBe(false)
        expect(await isSecondFactorOn()).toBe(!outcome.ok)
      },
    )
    // It reads the account, the session and the second factor before it removes that.
    expect(wentWell.slice(0, 3)).toEqual([false, false, false])
    expect(wentWell.indexOf(true)).toBe(wentWell.lastIndexOf(false) + 1)
  })
})
