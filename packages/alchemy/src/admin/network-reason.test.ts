import { expect, test } from "vitest"
import { isUnsent, networkReason } from "./network-reason.ts"

const failed = (code: unknown) =>
  new TypeError("fetch failed with Bearer secret", { cause: Object.assign(new Error("secret"), { code }) })

test.each<[unknown, string]>([
  [failed("ECONNREFUSED"), "the connection was refused"],
  [failed("ETIMEDOUT"), "the connection timed out"],
  [failed("CERT_HAS_EXPIRED"), "its TLS certificate has expired, or this machine's clock is wrong"],
  [failed("CERT_NOT_YET_VALID"), "its TLS certificate is not valid yet, or this machine's clock is wrong"],
  [failed("ERR_TLS_CERT_ALTNAME_INVALID"), "its TLS certificate is for another name"],
  [failed("UNABLE_TO_GET_CRL"), "its TLS certificate or connection was not accepted (UNABLE_TO_GET_CRL)"],
  [failed("E2BIG"), "the connection failed (E2BIG)"],
  [failed("not a code: secret"), "the connection failed"],
  [failed(7), "the connection failed"],
  ["secret", "the connection failed"],
  [new AggregateError([Object.assign(new Error(), { code: "EHOSTUNREACH" })]), "the host is unreachable"],
  [AbortSignal.timeout, "the connection failed"],
  [new DOMException("late", "TimeoutError"), "there was no answer within 1.5 s"],
])("%s: %s", (cause, reason) => {
  expect(networkReason(cause, 1500)).toBe(reason)
})

test.each<[unknown, boolean]>([
  [failed("ECONNREFUSED"), true],
  [failed("ENOTFOUND"), true],
  [failed("UND_ERR_CONNECT_TIMEOUT"), true],
  [failed("ECONNRESET"), false],
  [failed("ETIMEDOUT"), false],
  [new DOMException("late", "TimeoutError"), false],
  ["secret", false],
])("%s: surely never sent: %s", (cause, unsent) => {
  expect(isUnsent(cause)).toBe(unsent)
})
