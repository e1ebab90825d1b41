import { afterEach, beforeEach, expect, test } from "vitest"
import { type AuditLog, openAuditLog } from "../../audit/audit-log.ts"
import { withOrigin } from "../../audit/origin.ts"
import { onEachDatabase } from "../../database/testing.ts"
import { createMemoryRateLimits } from "../../limits/memory.ts"
import type { OpenRateLimiter } from "../../limits/rate-limiter.ts"
import { createLogger } from "../../logging.ts"
import { type AccountsUnderTest, openAccountsUnderTest, PASSWORD } from "../accounts-testing.ts"

let under: AccountsUnderTest
let audit: AuditLog
let accounts: AccountsUnderTest["accounts"]
const ADA = "ada@example.com"
const GUESSES = 4
const HOME = "2001:db8:0:1::7"

onEachDatabase((database) => {
  beforeEach(async () => {
    under = await openAccountsUnderTest(database)
    const logger = createLogger({ write: () => {} })
    audit = openAuditLog({
      ...{ database: under.database, now: Date.now, logger, retentionDays: 365, webhook: null },
    })
    const { open } = createMemoryRateLimits()
    // A hundred are for `sign-in-limits.test.ts`, which hashes no passwords.
    const openRateLimiter: OpenRateLimiter = (limit) =>
      open(limit.name === "sign-in-email" ? { ...limit, points: GUESSES } : limit)
    accounts = under.again({ audit, openRateLimiter })
    await under.create()
  })
  afterEach(async () => {
    await audit.close()
    await under.close()
  })

  const signIn = (email: string, address: string, password = PASSWORD) =>
    withOrigin({ actor: "browser", address, agent: null }, () =>
      accounts.passwords.signIn({ email, password }, { address, agent: null }),
    )
  /** Wrong passwords, each from a network of its own. */
  const guess = async (email: string, count: number) => {
    for (let index = 0; index < count; index++) {
      const answer = await signIn(email, `203.0.113.${index}`, "wrong wrong wrong")
      if (!answer.ok && answer.retryAfterSeconds !== undefined) return index
    }
    return count
  }

  test("S37 guesses from many networks end, and keep nobody out where they have signed in before", async () => {
    expect(await signIn(ADA, HOME)).toMatchObject({ ok: true })
    expect(await guess(ADA, 9)).toBe(GUESSES)
    const refused = await signIn(ADA, "198.51.100.1")
    expect(refused).toMatchObject({ ok: false, field: "form", retryAfterSeconds: expect.any(Number) })
    expect(await signIn(ADA, "2001:db8:0:1::8")).toMatchObject({ ok: true })
    expect(await signIn(ADA, HOME, "wrong wrong wrong")).not.toHaveProperty("retryAfterSeconds")
    // The same for an email that nobody has.
    expect(await guess("nobody@example.com", 9)).toBe(GUESSES)
    const message = refused.ok ? "" : refused.message
    expect(await signIn("nobody@example.com", HOME)).toMatchObject({ ok: false, field: "form", message })
  })
})
