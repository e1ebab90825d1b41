import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createTokenService, openStore } from "@authchemy/tokens"
import { Migrator } from "kysely/migration"
import type { AuditEvent } from "../audit/events.ts"
import { type Database, openDatabase } from "../database/database.ts"
import { completeAccountTables } from "../database/migrate-accounts.ts"
import { migrations } from "../database/migrations.ts"
import type { DatabaseUnderTest } from "../database/testing.ts"
import { createMemoryRateLimits } from "../limits/memory.ts"
import { createLogger } from "../logging.ts"
import type { BrowserSession } from "./accounts.ts"
import type { Refusal, Visit } from "./built-in.ts"
import type { AccountParts } from "./shared-parts.ts"

export const VISIT: Visit = { address: "192.0.2.1", agent: "Firefox" }
export const RIGHT_PASSWORD = "correct horse battery"

/** What parts of the accounts are made with: real stores, and browser sessions and changes that only note what is asked of them. */
export type PartsUnderTest = {
  parts: AccountParts
  database: Database
  /** Milliseconds since the epoch; tests move it. */
  clock: { now: number }
  events: AuditEvent[]
  /** The browser sessions that have been ended, by their ids; tests end them. */
  ended: Set<string>
  /** What people were told by mail. */
  notices: string[]
  /** What ended sessions, in words. */
  endings: string[]
  log: string[]
  /** Makes an account. @param change what is unusual about it */
  account(
    email: string,
    change?: { verified?: boolean; disabled?: boolean; password?: boolean },
  ): Promise<BrowserSession>
  close(): Promise<void>
}

/** @param options.between runs while a new browser session is opened */
export async function openPartsUnderTest(
  under: DatabaseUnderTest,
  options: { issuer?: string; now?: number; between?: () => Promise<void> } = {},
): Promise<PartsUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-parts-"))
  const clock = { now: options.now ?? Date.parse("2026-11-23T22:05:00.000Z") }
  const now = () => clock.now
  const tokens = createTokenService({
    store: await openStore({ sqlitePath: join(directory, "tokens.db"), redisUrl: null }),
    now,
  })
  const database = openDatabase(await under.create(directory))
  await completeAccountTables(database)
  const { error } = await new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
  }).migrateToLatest()
  if (error !== undefined) throw error
  const events: AuditEvent[] = []
  const ended = new Set<string>()
  const notices: string[] = []
  const endings: string[] = []
  const log: string[] = []

  const parts: AccountParts = {
    database,
    tokens,
    audit: {
      record: (event) => void events.push(event),
      list: () => Promise.reject(new Error("not asked for here")),
    },
    openRateLimiter: createMemoryRateLimits().open,
    logger: createLogger({ write: (line) => void log.push(line) }),
    issuer: options.issuer ?? "https://auth.example.com",
    secret: "s".repeat(32),
    now,
    browserSessions: {
      open: async (accountId) => {
        const row = await database
          .selectFrom("user")
          .select("disabledAt")
          .where("id", "=", accountId)
          .executeTakeFirst()
        if (row === undefined || row.disabledAt !== null) return refusal("This account is disabled.")
        await options.between?.()
        return { ok: true, setCookies: [`session=${accountId}`] }
      },
      isOpen: async ({ sessionId }) => !ended.has(sessionId),
      endAll: async (accountId, except) => {
        endings.push(`browsers of ${accountId} except ${except}`)
        return 1
      },
    },
    accountChanges: {
      confirm: async (_browser, password) =>
        password === RIGHT_PASSWORD
          ? null
          : { ok: false, field: "password", message: "The password is wrong." },
      endingSessions: async (accountId, _browser, _visit, change) => {
        endings.push(`before ${accountId}`)
        await change()
        endings.push(`after ${accountId}`)
        return { setCookies: [`session=${accountId}-anew`], endedSessions: 2 }
      },
      removing: async (browser, visit, { remove, made }) => {
        const { id } = browser.account
        let removed = false
        const outcome = await parts.accountChanges.endingSessions(id, browser, visit, async () => {
          removed = await remove()
        })
        if (!removed) return refusal("This was not removed.")
        made(outcome.endedSessions)
        return { ok: true, ...outcome }
      },
      stays: async ({ sessionId }, _visit, takeAway) => {
        if (!ended.has(sessionId)) return true
        await takeAway()
        return false
      },
      notify: (account, what) => void notices.push(`${account.email}: ${what}`),
    },
  }

  return {
    ...{ parts, database, clock, events, ended, notices, endings, log },
    async account(email, { verified = true, disabled = false, password = true } = {}) {
      const id = randomUUID()
      const at = new Date(clock.now).toISOString()
      const yes = under.name === "SQLite" ? 1 : true
      const no = under.name === "SQLite" ? 0 : false
      await database
        .insertInto("user")
        .values({
          ...{ id, email, name: "Ada", createdAt: at, disabledAt: disabled ? at : null },
          ...{ emailVerified: verified ? yes : no, updatedAt: at },
        })
        .execute()
      if (password) {
        await database
          .insertInto("account")
          .values({
            ...{ userId: id, providerId: "credential", password: "hash" },
            ...{ id: randomUUID(), accountId: id, createdAt: at, updatedAt: at },
          })
          .execute()
      }
      const sessionId = `browser of ${id}`
      await database
        .insertInto("session")
        .values({
          ...{ id: sessionId, userId: id, token: sessionId, createdAt: at, updatedAt: at },
          expiresAt: new Date(clock.now + 86_400_000).toISOString(),
        })
        .execute()
      return { account: { id, email, name: "Ada" }, sessionId }
    },
    async close() {
      await tokens.close()
      await database.destroy()
      await rm(directory, { recursive: true })
    },
  }
}

/** A request with the cookies that were set, as the browser sends them back. */
export function requestWith(setCookies: readonly string[], url = "https://auth.example.com/"): Request {
  return new Request(url, {
    headers: { cookie: setCookies.map((cookie) => cookie.split(";")[0]).join("; ") },
  })
}

function refusal(message: string): Refusal {
  return { ok: false, field: "form", message }
}
