import { hkdfSync } from "node:crypto"
import { tidyClaim } from "@authchemy/protocol"
import type { Selectable } from "kysely"
import * as v from "valibot"
import type { Schema } from "../../database/schema.ts"
import { networkOf } from "../../limits/network.ts"
import { createBoundCookies } from "../bound-cookie.ts"
import { whileOpen } from "../browser-sessions.ts"
import type { Passkeys } from "../built-in.ts"
import { CHANGED_MEANWHILE, refusal, tooManyAttempts } from "../refusals.ts"
import type { AccountParts } from "../shared-parts.ts"
import { type ConfiguredProvider, waysToSignIn } from "../ways-to-sign-in.ts"
import { readAssertion } from "./credential.ts"

/** How long a browser has to come back with what the authenticator said, in milliseconds. */
const ATTEMPT_MS = 5 * 60 * 1000
/** How many passkeys an account has at most. */
const MOST_PASSKEYS = 20
/** Failed sign-ins from one address. */
const PER_ADDRESS = 30
const WINDOW_SECONDS = 15 * 60
const USER_HANDLE_BYTES = 32

const Registering = v.object({
  challenge: v.string(),
  userHandle: v.string(),
  accountId: v.string(),
  sessionId: v.string(),
})
const SigningIn = v.object({ challenge: v.string() })

/**
 * Passkeys, on SimpleWebAuthn.
 * @param options.siteName what the authenticator calls this server
 * @param options.providers those that are configured; a link to one is another way to sign in
 */
export function createPasskeys(
  parts: AccountParts,
  options: { siteName: string; providers: readonly ConfiguredProvider[] },
): Passkeys {
  const { database, audit, accountChanges, browserSessions, logger, now } = parts
  const shared = { ...parts, lifetimeMs: ATTEMPT_MS }
  const registrations = createBoundCookies({
    ...shared,
    purpose: "passkey-registration",
    schema: Registering,
  })
  const signIns = createBoundCookies({ ...shared, purpose: "passkey-sign-in", schema: SigningIn })
  const failures = parts.openRateLimiter({
    name: "passkey-sign-in",
    points: PER_ADDRESS,
    durationSeconds: WINDOW_SECONDS,
  })
  // The same at each attempt, so that an authenticator replaces what it has made for one that failed; a passkey keeps its own, whatever becomes of the secret.
  const userHandleOf = (accountId: string) =>
    Buffer.from(
      hkdfSync("sha256", parts.secret, accountId, "authchemy passkey user handle", USER_HANDLE_BYTES),
    ).toString("base64url")
  const momentNow = () => new Date(now()).toISOString()

  const ceremonies = async () =>
    (await import("./ceremonies.ts")).createCeremonies({
      issuer: parts.issuer,
      siteName: options.siteName,
      timeoutMs: ATTEMPT_MS,
      onRefused: (reason) => logger.info({ reason }, "passkey refused"),
    })

  const find = (id: string) =>
    database.selectFrom("passkey").selectAll().where("id", "=", id).executeTakeFirst()

  /** Signs in, or says why not. A reason is recorded as it stands. */
  const answer = async (
    form: { credential: string },
    request: Request,
  ): Promise<
    { ok: true; passkey: Selectable<Schema["passkey"]>; clearCookie: string } | (Failure & { ok: false })
  > => {
    const attempt = await signIns.take(request)
    if (attempt === null) return { ok: false, reason: "attempt_over", message: OVER, accountId: null }
    const response = readAssertion(form.credential)
    if (response === null) return { ok: false, reason: "malformed", message: NOT_ACCEPTED, accountId: null }
    const passkey = await find(response.id)
    // The user handle belongs to the account (WebAuthn Level 3 §7.2, step 6).
    if (passkey === undefined || passkey.user_handle !== response.userHandle) {
      return { ok: false, reason: "unknown_passkey", message: UNKNOWN, accountId: null }
    }
    const refused = { ok: false, message: NOT_ACCEPTED, accountId: passkey.account_id } as const
    const { verifyAssertion } = await ceremonies()
    const { id, public_key: publicKey, counter } = passkey
    const verified = await verifyAssertion(response, attempt.content.challenge, {
      id,
      publicKey,
      counter: Number(counter),
    })
    if (verified === null) return { ...refused, reason: "not_verified" }
    // The count that was judged must still be there: of two copies of a key that come at once, one is refused.
    const { numUpdatedRows } = await database
      .updateTable("passkey")
      .set({ counter: verified.counter, backed_up: verified.backedUp ? 1 : 0, last_used_at: momentNow() })
      .where("id", "=", passkey.id)
      .where("counter", "=", passkey.counter)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) return { ...refused, reason: "used_meanwhile" }
    return { ok: true, passkey, clearCookie: attempt.clearCookie }
  }

  return {
    async registrationOptions({ account, sessionId }) {
      const present = await database
        .selectFrom("passkey")
        .select(["id", "user_handle", "transports"])
        .where("account_id", "=", account.id)
        .orderBy("created_at")
        .execute()
      const userHandle = present[0]?.user_handle ?? userHandleOf(account.id)
      const { creationOptions } = await ceremonies()
      const made = await creationOptions({
        ...{ userHandle, email: account.email, name: account.name },
        present: present.map(({ id, transports }) => ({ id, transports: readList(transports) })),
      })
      const content = { challenge: made.challenge, userHandle, accountId: account.id, sessionId }
      return { options: made, setCookies: [await registrations.begin(content)] }
    },

    async register(browser, form, request, visit) {
      const { account } = browser
      const refused = await accountChanges.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      const attempt = await registrations.take(request)
      if (attempt === null) return refusal("form", OVER)
      const { challenge, userHandle, accountId, sessionId } = attempt.content
      if (accountId !== account.id || sessionId !== browser.sessionId) return refusal("form", OVER)
      const { length } = await database
        .selectFrom("passkey")
        .select("id")
        .where("account_id", "=", account.id)
        .execute()
      if (length >= MOST_PASSKEYS) {
        return refusal(
          "form",
          `An account has at most ${MOST_PASSKEYS} passkeys. Remove one that is not used any more.`,
        )
      }
      const { verifyRegistration } = await ceremonies()
      const made = await verifyRegistration(form.credential, challenge)
      if (made === null)
        return refusal("form", "The passkey was not accepted, and nothing has changed. Try again.")
      const name = tidyClaim(form.name) || "Passkey"
      const { numInsertedOrUpdatedRows } = await database
        .insertInto("passkey")
        .values({
          id: made.id,
          account_id: account.id,
          user_handle: userHandle,
          public_key: made.publicKey,
          counter: made.counter,
          transports: JSON.stringify(made.transports),
          name,
          device_type: made.deviceType,
          backed_up: made.backedUp ? 1 : 0,
          created_at: momentNow(),
          last_used_at: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      if (numInsertedOrUpdatedRows !== 1n) return refusal("form", "This passkey is there already.")
      const takeAway = async () => {
        await database.deleteFrom("passkey").where("id", "=", made.id).execute()
      }
      if (!(await accountChanges.stays(browser, visit, takeAway))) return refusal("form", CHANGED_MEANWHILE)
      audit.record({ type: "passkey.added", accountId: account.id, details: { name } })
      accountChanges.notify(account, "passkey_added", visit)
      return { ok: true, setCookies: [attempt.clearCookie] }
    },

    async signInOptions() {
      const made = await (await ceremonies()).requestOptions()
      return { options: made, setCookies: [await signIns.begin({ challenge: made.challenge })] }
    },

    async signIn(form, request, visit) {
      const admission = await failures.admit(networkOf(visit.address))
      if (!admission.admitted) return tooManyAttempts(admission.retryAfterSeconds)
      const failed = (accountId: string | null, reason: string) =>
        audit.record({ type: "sign_in.failed", accountId, details: { method: "passkey", reason } })
      try {
        const answered = await answer(form, request)
        if (!answered.ok) {
          failed(answered.accountId, answered.reason)
          return refusal("form", answered.message)
        }
        const { passkey, clearCookie } = answered
        const accountId = passkey.account_id
        const opened = await browserSessions.open(accountId, visit)
        if (!opened.ok) {
          failed(accountId, "account_refused")
          return opened
        }
        if ((await find(passkey.id)) === undefined) {
          // It was removed meanwhile, and what that ended may not have seen the session of this moment.
          await browserSessions.endAll(accountId, null)
          failed(accountId, "removed_meanwhile")
          return refusal("form", UNKNOWN)
        }
        await admission.giveBack()
        audit.record({
          type: "sign_in.succeeded",
          accountId,
          details: { method: "passkey", name: passkey.name },
        })
        return { ok: true, step: "signed_in", setCookies: [...opened.setCookies, clearCookie] }
      } catch (fault) {
        await admission.giveBack()
        throw fault
      }
    },

    async remove(browser, form, visit) {
      const { account } = browser
      const refused = await accountChanges.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      const passkey = await find(form.id)
      if (passkey?.account_id !== account.id) return refusal("form", "This passkey is not there any more.")
      if ((await waysToSignIn(database, account.id, options.providers)) <= 1) {
        return refusal(
          "form",
          "This passkey is the only way to sign in to this account. Set a password or add another passkey first.",
        )
      }
      return accountChanges.removing(browser, visit, {
        remove: async () => {
          const { numDeletedRows } = await database
            .deleteFrom("passkey")
            .where("id", "=", passkey.id)
            .where("account_id", "=", account.id)
            .where(whileOpen(browser))
            .executeTakeFirst()
          return numDeletedRows === 1n
        },
        made: () => {
          audit.record({ type: "passkey.removed", accountId: account.id, details: { name: passkey.name } })
          accountChanges.notify(account, "passkey_removed", visit)
        },
      })
    },
  }
}

type Failure = { reason: string; message: string; accountId: string | null }

const OVER = "This took too long, or was done already. Try again."
const UNKNOWN = "This passkey is not known here, or was removed. Sign in another way."
const NOT_ACCEPTED = "The passkey was not accepted. Try again, or sign in another way."

function readList(text: string): string[] {
  return v.parse(v.array(v.string()), JSON.parse(text))
}
