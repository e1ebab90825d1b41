import * as v from "valibot"
import { DeviceClaims, ExpiresInSeconds, Timestamp, text } from "./fields.ts"
import { isCodeVerifier } from "./pkce.ts"

/** The body of `POST /api/cli/token`. Without a verifier only where the server allows codes without PKCE. */
export const CliTokenRequest = v.object({
  code: text(512),
  redirect_uri: text(512),
  code_verifier: v.optional(
    v.pipe(
      v.string("must be a string"),
      v.check(isCodeVerifier, "must be 43 to 128 characters of A–Z a–z 0–9 - . _ ~ (RFC 7636 §4.1)"),
    ),
  ),
  expires_in_seconds: ExpiresInSeconds,
  device: v.optional(DeviceClaims),
})
export type CliTokenRequest = v.InferInput<typeof CliTokenRequest>

/** The account that a token belongs to. */
export const AccountSummary = v.object({ id: v.string(), email: v.string(), name: v.string() })
export type AccountSummary = v.InferOutput<typeof AccountSummary>

/** The `200` of `POST /api/cli/token`: `authToken` is shown this once and never again. */
export const CliTokenResponse = v.object({
  authToken: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,512}$/, "must be printable ASCII")),
  expiresAt: Timestamp,
  expiresInSeconds: v.pipe(v.number(), v.integer()),
  sessionId: v.string(),
  account: AccountSummary,
})
export type CliTokenResponse = v.InferOutput<typeof CliTokenResponse>

/** A failure of the CLI API (RFC 6749 §5.2). */
export const CliErrorResponse = v.object({ error: v.string(), error_description: v.optional(v.string()) })
export type CliErrorResponse = v.InferOutput<typeof CliErrorResponse>
