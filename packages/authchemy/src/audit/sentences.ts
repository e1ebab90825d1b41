import { counted } from "../counts-in-words.ts"
import type { AuditEvent, AuditEventType, RecordedEvent } from "./events.ts"

/** What a sentence is made of. */
type Told = Pick<RecordedEvent, "device" | "clientId" | "details" | "origin">

/** What happened, in a sentence without a full stop, for the person whose account it is and for the operator. Plain text: whoever shows it escapes it. */
export function sentenceOf(event: Told & { type: AuditEvent["type"] | string }): string {
  const sentence = Object.hasOwn(SENTENCES, event.type) ? SENTENCES[event.type as AuditEventType] : null
  if (sentence === null) return event.type
  return typeof sentence === "string" ? sentence : sentence(event)
}

const SENTENCES: Readonly<Record<AuditEventType, string | ((event: Told) => string)>> = {
  "account.created": (event) =>
    `Account created${byOperator(event) ? " by the operator" : textIn(event, "method") === "provider" ? way(event) : ""}`,
  "account.disabled": "Account disabled by the operator",
  "account.enabled": "Account enabled by the operator",
  "account.email_verified": "Email verified",
  "account.reset": (event) => {
    const removed = event.details.secondFactor === true ? "; second factor and passkeys taken away" : ""
    return `Account reset by the operator: a link for a new password was made${removed}${ending(event)}`
  },
  "password.changed": (event) => `Password changed${ending(event)}`,
  "password.reset_requested": "A link to reset the password was asked for",
  "password.reset": (event) => `Password reset by a link${ending(event)}`,
  "second_factor.added": "Second factor turned on",
  "second_factor.removed": (event) => `Second factor turned off${ending(event)}`,
  "recovery_codes.renewed": "New recovery codes made; the old ones no longer work",
  "recovery_code.used": (event) => {
    const left = numberIn(event, "left")
    return `A recovery code was used${left === null ? "" : `; ${left} ${left === 1 ? "is" : "are"} left`}`
  },
  "passkey.added": (event) => `Passkey${named(event)} added`,
  "passkey.removed": (event) => `Passkey${named(event)} removed`,
  "provider.linked": (event) => `${textIn(event, "provider") ?? "A provider"} linked for signing in`,
  "provider.unlinked": (event) => `${textIn(event, "provider") ?? "A provider"} unlinked`,
  "sign_in.succeeded": (event) => `Signed in${way(event)}`,
  "sign_in.failed": (event) => `A sign-in${way(event)} failed${why(event, FAILURES)}`,
  sign_out: "Signed out in the browser",
  "browser.ended": (event) => {
    const count = numberIn(event, "count") ?? 1
    return count === 1
      ? "A browser was signed out from elsewhere"
      : `${count} browsers were signed out from elsewhere`
  },
  "approval.granted": (event) => `${program(event)} was approved`,
  "approval.denied": (event) => `${program(event)} was denied`,
  "approvals.voided": (event) => {
    const count = numberIn(event, "count") ?? 1
    return count === 1
      ? "An approval that no program had collected was taken back"
      : `${count} approvals that no program had collected were taken back`
  },
  "token.issued": (event) => `${program(event)} was given a token`,
  "token.refreshed": (event) => `${program(event)} renewed its token`,
  "token.revoked": (event) => `${session(event)} ended${why(event, ENDS)}`,
  "access_key.created": (event) => `Access key${named(event)} created`,
  "access_key.deleted": (event) => `Access key${named(event)} deleted`,
  "access_key.used_from_new_address": (event) =>
    `Access key${named(event)} used from an address for the first time`,
  "app.created": (event) => `App${named(event)} created`,
  "app.deleted": (event) => `App${named(event)} deleted`,
}

const WAYS: Readonly<Record<string, string>> = { password: "a password", passkey: "a passkey" }

const SECOND_FACTORS: Readonly<Record<string, string>> = { code: "a code", recovery_code: "a recovery code" }

const FAILURES: Readonly<Record<string, string>> = {
  wrong_password: "wrong password",
  unknown_email: "there is no account with the email",
  wrong_code: "wrong code",
  too_many_attempts: "too many attempts",
  email_not_verified: "the email is not verified",
  email_taken: "another account has the email",
  account_disabled: "the account is disabled",
  account_refused: "the account is disabled",
  sign_up_refused: "the email may not have an account here",
  attempt_over: "it took too long",
  malformed: "the answer could not be read",
  unknown_passkey: "the passkey is not known here",
  not_verified: "the passkey's answer is not right",
  used_meanwhile: "it was used twice",
  removed_meanwhile: "it was removed meanwhile",
  declined: "it was declined at the provider",
  untrusted: "the provider's answer is not to be trusted",
  unavailable: "the provider is out of reach",
}

const ENDS: Readonly<Record<string, string>> = {
  code_replayed: "its code was used twice",
  refresh_reused: "a refresh token was used twice",
  client_removed: "the program was removed from the server",
}

function byOperator({ origin }: Told): boolean {
  return origin.actor === "operator"
}

function textIn({ details }: Told, key: string): string | null {
  const value = Object.hasOwn(details, key) ? details[key] : undefined
  return typeof value === "string" && value !== "" ? value : null
}

function numberIn({ details }: Told, key: string): number | null {
  const value = Object.hasOwn(details, key) ? details[key] : undefined
  return typeof value === "number" ? value : null
}

function named(event: Told): string {
  const name = textIn(event, "name")
  if (name !== null) return ` “${name}”`
  const id = textIn(event, "id")
  return id === null ? "" : ` ${id}`
}

function way(event: Told): string {
  const method = textIn(event, "method")
  const first = method === "provider" ? (textIn(event, "provider") ?? "a provider") : wordsFor(WAYS, method)
  const second = wordsFor(SECOND_FACTORS, textIn(event, "secondFactor"))
  const ways = [first, second].filter((words) => words !== null)
  return ways.length === 0 ? "" : ` with ${ways.join(" and ")}`
}

/** What ended with it, where anything did. */
function ending(event: Told): string {
  const count = numberIn(event, "endedSessions") ?? 0
  return count === 0 ? "" : `; ${counted(count, "session")} ended`
}

function why(event: Told, words: Readonly<Record<string, string>>): string {
  const reason = wordsFor(words, textIn(event, "reason"))
  return reason === null ? "" : `: ${reason}`
}

function wordsFor(words: Readonly<Record<string, string>>, key: string | null): string | null {
  return key !== null && Object.hasOwn(words, key) ? (words[key] ?? null) : null
}

function program({ device, clientId }: Told): string {
  const what = device.client ?? clientId ?? "A program"
  return device.name === undefined ? what : `${what} on ${device.name}`
}

function session({ device, clientId }: Told): string {
  if (device.name !== undefined) return `Session on ${device.name}`
  const what = device.client ?? clientId
  return what === null ? "A session" : `Session of ${what}`
}
