import { tidyClaim } from "@authchemy/protocol"
import type { Database } from "../../database/database.ts"
import { type Account, AccountError, type BrowserSession } from "../accounts.ts"
import { whileOpen } from "../browser-sessions.ts"
import { tidyEmail } from "../fields.ts"
import { DISABLED } from "../refusals.ts"
import { type SignUpPolicy, signUpProblem } from "../sign-up-policy.ts"
import type { ProviderSettings } from "./provider-settings.ts"
import type { TakeOver } from "./take-over.ts"

/** Who somebody is, as a provider says. */
export type Identity = {
  subject: string
  email: string | null
  /** Whether the provider says that the email is theirs. */
  emailVerified: boolean
  name: string | null
}

/** Whose account it is. `linked`: from now on. `reason` goes into the audit log. */
export type Resolution =
  | { ok: true; accountId: string; linked: boolean }
  | { ok: false; reason: string; message: string; accountId: string | null }

/** Which account an identity belongs to. */
export type Identities = {
  /** Finds the account, links the one that has the same email, or makes one. */
  resolve(provider: ProviderSettings, identity: Identity): Promise<Resolution>
  /** Links it to the account that is signed in. */
  link(provider: ProviderSettings, identity: Identity, browser: BrowserSession): Promise<Resolution>
  /** Whether it still belongs to the account. */
  belongs(provider: ProviderSettings, subject: string, accountId: string): Promise<boolean>
  /** Takes a provider away from an account. @param browser only while its session is there. @returns whether it was taken away */
  unlink(provider: ProviderSettings, accountId: string, browser?: BrowserSession): Promise<boolean>
}

/**
 * An account and an identity with one email come together by themselves only where both sides have proved the email: an account that somebody else made with it
 * in advance is not filled by its owner, and a provider that lets anybody claim it opens nothing. Not to an account with a second factor either: its owner adds the provider.
 * @param options.signUpPolicy who may have a new account; a provider with `emailDomains` makes them for these whatever it says
 * @param options.createAccount makes one without a password whose email counts as verified, and records it. @throws AccountError
 * @param options.now milliseconds since the epoch
 */
export function createIdentities(options: {
  database: Database
  signUpPolicy: SignUpPolicy
  createAccount: (account: { email: string; name: string }) => Promise<Account>
  takeOver: TakeOver
  now: () => number
}): Identities {
  const { database, signUpPolicy, createAccount, takeOver, now } = options
  const momentNow = () => new Date(now()).toISOString()

  const identityOf = (provider: ProviderSettings) =>
    database
      .selectFrom("provider_identity")
      .selectAll()
      .where("provider_id", "=", provider.id)
      .where("issuer", "=", provider.issuer)

  const ownerOf = async (provider: ProviderSettings, subject: string): Promise<string | null> => {
    const row = await identityOf(provider).where("subject", "=", subject).executeTakeFirst()
    return row?.account_id ?? null
  }

  const markUsed = (provider: ProviderSettings, subject: string) =>
    database
      .updateTable("provider_identity")
      .set({ last_used_at: momentNow() })
      .where("provider_id", "=", provider.id)
      .where("issuer", "=", provider.issuer)
      .where("subject", "=", subject)
      .execute()

  /** `false`: the identity is somebody's already, or the account has another one of this provider. */
  const insert = async (provider: ProviderSettings, subject: string, accountId: string) => {
    const { numInsertedOrUpdatedRows } = await database
      .insertInto("provider_identity")
      .values({
        ...{ provider_id: provider.id, issuer: provider.issuer, subject, account_id: accountId },
        ...{ created_at: momentNow(), last_used_at: momentNow() },
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  const localOf = (email: string) =>
    database
      .selectFrom("user")
      .select(["id", "emailVerified", "twoFactorEnabled", "disabledAt"])
      .where("email", "=", email)
      .executeTakeFirst()

  /** Links an account that is found by its email, or has been made for it. */
  const attach = async (
    provider: ProviderSettings,
    subject: string,
    accountId: string,
  ): Promise<Resolution> => {
    if (await insert(provider, subject, accountId)) return { ok: true, accountId, linked: true }
    // At the same moment another answer with this identity was quicker; or the email has another owner at the provider by now.
    const owner = await ownerOf(provider, subject)
    if (owner !== null) return { ok: true, accountId: owner, linked: false }
    return alreadyThere(provider, accountId)
  }

  const byEmail = async (provider: ProviderSettings, subject: string, email: string, name: string) => {
    const local = await localOf(email)
    if (local === undefined) return null
    if (local.disabledAt !== null) {
      return { ok: false, reason: "account_disabled", message: DISABLED, accountId: local.id } as const
    }
    if (!local.emailVerified) {
      const vouchedFor = provider.emailDomains !== null
      if (!vouchedFor || !(await takeOver({ id: local.id, email, name })))
        return alreadyThere(provider, local.id)
    } else if (local.twoFactorEnabled) {
      // A provider that its owner has not added must not be the way around the codes.
      return alreadyThere(provider, local.id)
    }
    return attach(provider, subject, local.id)
  }

  return {
    async resolve(provider, { subject, email: claimed, emailVerified, name: claimedName }) {
      const owner = await ownerOf(provider, subject)
      if (owner !== null) {
        await markUsed(provider, subject)
        return { ok: true, accountId: owner, linked: false }
      }
      const email = claimed === null ? null : tidyEmail(claimed)
      // The same answer whether or not there is an account: the email is anybody's.
      if (email === null || !emailVerified || !mayVouchFor(provider, email)) return notVouchedFor(provider)
      const name = tidyClaim(claimedName ?? "")
      const found = await byEmail(provider, subject, email, name)
      if (found !== null) return found
      const problem = provider.emailDomains === null ? signUpProblem(signUpPolicy, email) : null
      if (problem !== null) {
        return { ok: false, reason: "sign_up_refused", message: problem, accountId: null }
      }
      try {
        const { id } = await createAccount({ email, name })
        return await attach(provider, subject, id)
      } catch (error) {
        if (!(error instanceof AccountError)) throw error
        const meanwhile = error.code === "email_taken" ? await byEmail(provider, subject, email, name) : null
        return meanwhile ?? { ok: false, reason: error.code, message: error.message, accountId: null }
      }
    },

    async link(provider, { subject }, { account }) {
      const accountId = account.id
      if (await insert(provider, subject, accountId)) return { ok: true, accountId, linked: true }
      const owner = await ownerOf(provider, subject)
      if (owner === accountId) return { ok: true, accountId, linked: false }
      const { name } = provider
      const message =
        owner === null
          ? `Another ${name} account is added already. Remove it first.`
          : `This ${name} account belongs to another account here. Sign in with it, or remove it there first.`
      return { ok: false, reason: owner === null ? "linked_already" : "linked_elsewhere", message, accountId }
    },

    belongs: async (provider, subject, accountId) => (await ownerOf(provider, subject)) === accountId,

    async unlink(provider, accountId, browser) {
      const link = database
        .deleteFrom("provider_identity")
        .where("provider_id", "=", provider.id)
        .where("issuer", "=", provider.issuer)
        .where("account_id", "=", accountId)
      const query = browser === undefined ? link : link.where(whileOpen(browser))
      return (await query.executeTakeFirst()).numDeletedRows === 1n
    },
  }
}

function mayVouchFor({ emailDomains }: ProviderSettings, email: string): boolean {
  return emailDomains === null || signUpProblem({ kind: "domains", domains: emailDomains }, email) === null
}

function alreadyThere({ name }: ProviderSettings, accountId: string): Resolution {
  const message = `An account with this email is there already. Sign in to it and add ${name} under Security.`
  return { ok: false, reason: "email_taken", message, accountId }
}

function notVouchedFor({ name }: ProviderSettings): Resolution {
  const message = `${name} has not confirmed an email address that counts here. If you have an account, sign in to it and add ${name} under Security.`
  return { ok: false, reason: "email_not_verified", message, accountId: null }
}
