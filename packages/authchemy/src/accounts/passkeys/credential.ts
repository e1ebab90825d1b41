import { MAX_BODY_BYTES } from "@authchemy/protocol"
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server"
import * as v from "valibot"

/** The longest credential id, in bytes (WebAuthn Level 3 §4), as base64url. */
const LONGEST_ID = Math.ceil((1023 * 4) / 3)

const Base64url = v.pipe(v.string(), v.regex(/^[\w-]+$/))
const Id = v.pipe(Base64url, v.maxLength(LONGEST_ID))

/** A transport that is not known yet is one all the same; a list that makes no sense counts as none. */
const Transports = v.fallback(
  v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z-]{1,32}$/))), v.maxLength(10)),
  [],
)

const Registration = v.object({
  id: Id,
  rawId: Id,
  type: v.literal("public-key"),
  response: v.object({
    clientDataJSON: Base64url,
    attestationObject: Base64url,
    transports: v.optional(Transports, []),
  }),
})

const Assertion = v.object({
  id: Id,
  rawId: Id,
  type: v.literal("public-key"),
  response: v.object({
    clientDataJSON: Base64url,
    authenticatorData: Base64url,
    signature: Base64url,
    userHandle: v.nullish(Base64url),
  }),
})

/** A new credential, as `credential.toJSON()` gives it (WebAuthn Level 3 §5.1). `null` where the text is none, or larger than any form. */
export function readRegistration(text: string): RegistrationResponseJSON | null {
  const result = v.safeParse(Registration, parse(text))
  return result.success ? { ...result.output, clientExtensionResults: {} } : null
}

/** The answer to a challenge of sign-in. `null` where the text is none, lacks the user handle, or is larger than any form. */
export function readAssertion(text: string): (AuthenticationResponseJSON & { userHandle: string }) | null {
  const result = v.safeParse(Assertion, parse(text))
  if (!result.success) return null
  const { id, rawId, type, response } = result.output
  const { userHandle, ...others } = response
  if (typeof userHandle !== "string") return null
  return {
    ...{ id, rawId, type, userHandle, clientExtensionResults: {} },
    response: { ...others, userHandle },
  }
}

function parse(text: string): unknown {
  if (text.length > MAX_BODY_BYTES) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
