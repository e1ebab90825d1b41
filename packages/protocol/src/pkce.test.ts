import { expect, test } from "vitest"
import { codeChallengeOf, codeVerifierFrom, isCodeChallenge, isCodeVerifier } from "./pkce.ts"

test("the challenge is the one of RFC 7636 appendix B", () => {
  expect(codeChallengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).toBe(
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  )
})

test("a verifier carries the 32 bytes it was made from", () => {
  const verifier = codeVerifierFrom((size) => new Uint8Array(size).fill(255))
  expect(Buffer.from(verifier, "base64url")).toEqual(Buffer.alloc(32, 255))
  expect(isCodeVerifier(verifier)).toBe(true)
})

test.each([
  ["a".repeat(42), false],
  ["a".repeat(43), true],
  ["a".repeat(128), true],
  ["a".repeat(129), false],
  [`${"a".repeat(43)} `, false],
])("isCodeVerifier(%j) is %s", (text, expected) => {
  expect(isCodeVerifier(text)).toBe(expected)
})

test.each([
  [codeChallengeOf("x"), true],
  [codeChallengeOf("x").slice(1), false],
  [`A${codeChallengeOf("x")}`, false],
  [`${codeChallengeOf("x")}=`, false],
  [`${"A".repeat(42)}B`, false],
  [`${"A".repeat(42)}+`, false],
])("isCodeChallenge(%j) is %s", (text, expected) => {
  expect(isCodeChallenge(text)).toBe(expected)
})
