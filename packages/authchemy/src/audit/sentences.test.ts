import { expect, test } from "vitest"
import { AUDIT_EVENT_TYPES, type AuditEvent, type AuditEventType, type Origin } from "./events.ts"
import { recordedEvent } from "./recorded.ts"
import { sentenceOf } from "./sentences.ts"
import { BROWSER } from "./testing.ts"

const OPERATOR: Origin = { actor: "operator", address: null, agent: null }
const LAPTOP = { name: "ann-laptop", os: "Linux", client: "alchemy-cli/1.0.0" }
const told = (type: AuditEventType, rest: Partial<AuditEvent> = {}, origin = BROWSER) =>
  sentenceOf(recordedEvent({ type, accountId: "ada", ...rest }, origin, { id: "evt_1", at: "" }))

test.each<[string, AuditEventType, Partial<AuditEvent>, Origin?]>([
  ["Signed in with a password", "sign_in.succeeded", { details: { method: "password" } }],
  ["Signed in with acme", "sign_in.succeeded", { details: { method: "provider", provider: "acme" } }],
  ["Signed in", "sign_in.succeeded", { details: { method: "constructor" } }],
  [
    "Signed in with a password and a recovery code",
    "sign_in.succeeded",
    { details: { method: "password", secondFactor: "recovery_code" } },
  ],
  [
    "A sign-in with a passkey failed",
    "sign_in.failed",
    { details: { method: "passkey", reason: "of_another_version" } },
  ],
  ["Account created with acme", "account.created", { details: { method: "provider", provider: "acme" } }],
  ["Account created", "account.created", { details: { method: "sign_up" } }],
  ["Password changed; 2 sessions ended", "password.changed", { details: { endedSessions: 2 } }],
  ["Password changed", "password.changed", { details: { endedSessions: 0 } }],
  ["Second factor turned off; 1 session ended", "second_factor.removed", { details: { endedSessions: 1 } }],
  [
    "Account reset by the operator: a link for a new password was made; second factor and passkeys taken away; 2 sessions ended",
    "account.reset",
    { details: { secondFactor: true, endedSessions: 2 } },
    OPERATOR,
  ],
  [
    "Account reset by the operator: a link for a new password was made",
    "account.reset",
    { details: { secondFactor: false, endedSessions: 0 } },
    OPERATOR,
  ],
  ["A recovery code was used; 1 is left", "recovery_code.used", { details: { left: 1 } }],
  ["3 browsers were signed out from elsewhere", "browser.ended", { details: { count: 3 } }],
  ["An approval that no program had collected was taken back", "approvals.voided", { details: { count: 1 } }],
  [
    "2 approvals that no program had collected were taken back",
    "approvals.voided",
    { details: { count: 2 } },
  ],
  [
    "A sign-in with a password failed: wrong password",
    "sign_in.failed",
    { details: { method: "password", reason: "wrong_password" } },
  ],
  ["alchemy-cli/1.0.0 on ann-laptop was approved", "approval.granted", { device: LAPTOP }],
  ["alchemy-cli/1.0.0 on ann-laptop was given a token", "token.issued", { device: LAPTOP }],
  ["my-cli was given a token", "token.issued", { clientId: "my-cli" }],
  [
    "Session on ann-laptop ended: its code was used twice",
    "token.revoked",
    { device: LAPTOP, details: { reason: "code_replayed" } },
  ],
  ["Session on ann-laptop ended", "token.revoked", { device: LAPTOP, details: { reason: "revoked" } }],
  [
    "Session of my-cli ended: the program was removed from the server",
    "token.revoked",
    { clientId: "my-cli", details: { reason: "client_removed" } },
  ],
  ["Access key “CI” created", "access_key.created", { details: { id: "key_1", name: "CI" } }],
  ["Access key key_1 deleted", "access_key.deleted", { details: { id: "key_1" } }],
  ["Account created by the operator", "account.created", {}, OPERATOR],
])("%s", (sentence, type, event, origin = BROWSER) => {
  expect(told(type, event, origin)).toBe(sentence)
})

test.each(AUDIT_EVENT_TYPES)("%s has a sentence, whatever is left out", (type) => {
  for (const origin of [BROWSER, OPERATOR]) {
    expect(told(type, {}, origin)).toMatch(/^[A-Z].*[^.]$/)
    expect(told(type, {}, origin)).not.toMatch(/undefined|null|object/)
  }
})

test("a type of another version is told by its name", () => {
  expect(sentenceOf({ type: "toString", clientId: null, device: {}, details: {}, origin: BROWSER })).toBe(
    "toString",
  )
})
