import { createHash } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { RequestRefused } from "../middleware/request-refused.ts"
import { approvalRedirect } from "./approval-redirect.ts"
import { parseLoginRequest } from "./login-request.ts"

const CHALLENGE = createHash("sha256").update("verifier").digest("base64url")
const strict = { allowCodeWithoutPkce: false }
const query = (parameters: Record<string, string>) =>
  new URLSearchParams({
    redirectUrl: "http://127.0.0.1:1/callback",
    code_challenge: CHALLENGE,
    ...parameters,
  }).toString()

test("a state of any bytes is echoed byte for byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const raw = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")
      const request = parseLoginRequest(`${query({})}&state=${raw}`, strict)
      const location = approvalRedirect(request, { code: "c" }, "http://localhost:4000")
      const echoed = /&state=([^&]*)&iss=/.exec(location)?.[1] ?? ""
      const decoded = Buffer.from(
        echoed.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        "latin1",
      )
      expect(decoded.equals(Buffer.from(bytes))).toBe(true)
    }),
  )
})

test("no query makes the parser throw anything but a refusal, or lets another redirect target through", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ maxLength: 20 }),
      (target, junk) => {
        try {
          const parsed = parseLoginRequest(`${query({ redirectUrl: target })}&${junk}`, strict)
          expect(parsed.redirectUri).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]|localhost):\d{1,5}\/callback$/)
        } catch (error) {
          expect(error).toBeInstanceOf(RequestRefused)
        }
      },
    ),
  )
})

test("claims are one line each, at most 64 characters, and left out where nothing is left", () => {
  const { device } = parseLoginRequest(
    query({ device: `a\n\u202eb${"x".repeat(99)}`, os: "\u0007", client: "c/1" }),
    strict,
  )
  expect(device).toEqual({ name: `a b${"x".repeat(61)}`, client: "c/1" })
})
