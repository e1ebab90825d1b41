import * as v from "valibot"

/** What went wrong with an answer of a provider: a person said no; it cannot be trusted, or is used up; the provider does not work. */
export type Fault = "declined" | "untrusted" | "unavailable"

/** The error codes of RFC 6749 §4.1.2.1 that are about the provider, or about how this server is known to it. */
const PROVIDER_ERRORS = [
  "server_error",
  "temporarily_unavailable",
  "invalid_request",
  "unauthorized_client",
  "unsupported_response_type",
  "invalid_scope",
]

/** What the library calls an answer that came and is not what was asked for: a wrong issuer, nonce, audience, signature, subject or time. */
const UNTRUSTED = [
  "OAUTH_INVALID_RESPONSE",
  "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED",
  "OAUTH_KEY_SELECTION_FAILED",
]

/** Judges what openid-client throws, by its stable codes. */
export function faultOf(error: unknown): Fault {
  const { code, error: said } = fieldsOf(error)
  if (code === "OAUTH_AUTHORIZATION_RESPONSE_ERROR") {
    if (said === "access_denied") return "declined"
    return PROVIDER_ERRORS.includes(said) ? "unavailable" : "untrusted"
  }
  // The code is used up, or not for this client, verifier or address (RFC 6749 §5.2).
  if (code === "OAUTH_RESPONSE_BODY_ERROR") return said === "invalid_grant" ? "untrusted" : "unavailable"
  return UNTRUSTED.includes(code) ? "untrusted" : "unavailable"
}

/**
 * A fault in words, for the log: what the library and the provider say, at most 300 characters. Never the answer itself.
 * @param secrets what may not stand in it, should somebody repeat it
 */
export function describeFault(error: unknown, secrets: readonly string[] = []): string {
  const parts: string[] = []
  for (let one = error, depth = 0; one instanceof Error && depth < 4; one = one.cause, depth++) {
    const { code, error: said, error_description: description } = fieldsOf(one)
    parts.push([one.message, code, said, description, challengeIn(one)].filter(Boolean).join(" "))
  }
  let text = parts.join(": ") || "unknown"
  for (const secret of secrets) if (secret !== "") text = text.replaceAll(secret, "…")
  return text.slice(0, 300)
}

/** What a provider says in `WWW-Authenticate` (RFC 6749 §5.2), where that is the fault. */
const Challenge = v.object({
  cause: v.tupleWithRest(
    [
      v.object({
        parameters: v.object({ error: v.string(), error_description: v.optional(v.string(), "") }),
      }),
    ],
    v.unknown(),
  ),
})

function challengeIn(error: Error): string {
  const result = v.safeParse(Challenge, error)
  if (!result.success) return ""
  const { error: said, error_description: description } = result.output.cause[0].parameters
  return `${said} ${description}`.trim()
}

function fieldsOf(error: unknown): { code: string; error: string; error_description: string } {
  const field = (name: string): string => {
    const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined
    return typeof value === "string" ? value : ""
  }
  return { code: field("code"), error: field("error"), error_description: field("error_description") }
}
