import type { Audit } from "../audit/events.ts"
import type { AccountMails } from "./account-mails.ts"
import type { AccountAdministration, AccountRecord } from "./accounts.ts"
import { tidyAccount, tidyEmail } from "./fields.ts"
import type { PasswordHashing } from "./passwords/password-hashing.ts"
import type { AccountChanges, AccountTokens, BrowserSessions } from "./shared-parts.ts"
import type { StoredAccount, StoredAccounts } from "./stored-accounts.ts"
import type { WaysRemoval } from "./ways-to-sign-in-removal.ts"

/** The operator comes from nowhere in particular. */
const NOWHERE = { address: "", agent: null }

/** @param options.now milliseconds since the epoch */
export function createAdministration(options: {
  stored: StoredAccounts
  sessions: BrowserSessions
  changes: AccountChanges
  ways: WaysRemoval
  hashing: PasswordHashing
  tokens: AccountTokens
  mails: AccountMails
  audit: Audit
  now: () => number
}): AccountAdministration {
  const { stored, sessions, changes, ways, hashing, tokens, mails, audit, now } = options
  const found = (email: string) => stored.byEmail(tidyEmail(email) ?? email)

  return {
    create: async (account) => {
      const { email, name, password } = tidyAccount(account)
      const passwordHash = await hashing.hash(password)
      const created = await stored.create({ email, name, emailVerified: true, passwordHash })
      audit.record({ type: "account.created", accountId: created.id, details: { method: "operator" } })
      return recordOf(created)
    },

    list: stored.list,

    findByEmail: async (email) => {
      const account = await found(email)
      return account === null ? null : recordOf(account)
    },

    disable: async (email) => {
      const account = await found(email)
      if (account === null) return null
      const disabledAt = account.disabledAt ?? new Date(now())
      await stored.setDisabled(account.id, disabledAt)
      await sessions.endAll(account.id, null)
      if (account.disabledAt === null) audit.record({ type: "account.disabled", accountId: account.id })
      return { ...recordOf(account), disabledAt }
    },

    enable: async (email) => {
      const account = await found(email)
      if (account === null) return null
      if (account.disabledAt !== null) {
        // What was to end when it was disabled, and could not be ended then, must not go on now (S48).
        await tokens.revokeSessions(account.id)
        await sessions.endAll(account.id, null)
        await stored.setDisabled(account.id, null)
        audit.record({ type: "account.enabled", accountId: account.id })
      }
      return { ...recordOf(account), disabledAt: null }
    },

    reset: async (email, { secondFactor }) => {
      const account = await found(email)
      if (account === null) return null
      const change = async () => {
        if (secondFactor) await ways.removeDevices(account.id)
      }
      const made = (endedSessions: number) => {
        const details = { secondFactor, endedSessions }
        audit.record({ type: "account.reset", accountId: account.id, details })
      }
      const { endedSessions } = await changes.endingSessions(account.id, null, NOWHERE, change, made)
      const { emailVerified } = account
      const done = { account: recordOf(account), emailVerified, endedSessions }
      return { ...done, link: await mails.resetLink(account), stillOpen: await ways.others(account.id) }
    },
  }
}

function recordOf({ id, email, name, createdAt, disabledAt }: StoredAccount): AccountRecord {
  return { id, email, name, createdAt, disabledAt }
}
