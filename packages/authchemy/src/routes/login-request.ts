import {
  type DeviceClaims,
  isCodeChallenge,
  MAX_STATE_LENGTH,
  tidyClaim,
  WIRE_ERRORS,
} from "@authchemy/protocol"
import { isLoopbackRedirectUri } from "@authchemy/tokens"
import { RequestRefused } from "../middleware/request-refused.ts"

/** A sign-in that a command-line program asks for, every part of it checked. */
export type LoginRequest = {
  redirectUri: string
  codeChallenge: string | null
  /** The bytes of `state` as base64url, so that they are echoed as they came; `null` where none was sent. */
  state: string | null
  device: DeviceClaims
}

const PARAMETERS = [
  "redirectUrl",
  "code_challenge",
  "code_challenge_method",
  "state",
  "client",
  "device",
  "os",
] as const

/**
 * Reads the query of `GET /login`.
 * @param query the raw query, without `?`
 * @throws RequestRefused 400 `invalid_request`; the sentence names the parameter. Nothing here may lead to a redirect
 *   (RFC 9700 §4.11): the target is among what is checked.
 */
export function parseLoginRequest(query: string, options: { allowCodeWithoutPkce: boolean }): LoginRequest {
  const given = readParameters(query)
  const redirectUri = given.get("redirectUrl")?.value
  if (redirectUri === undefined) throw refused("redirectUrl is missing.")
  if (!isLoopbackRedirectUri(redirectUri)) {
    throw refused("redirectUrl must be http://127.0.0.1:<port>/callback, [::1] or localhost in its place.")
  }
  const codeChallenge = readChallenge(given, options)
  return {
    redirectUri,
    codeChallenge,
    state: readState(given),
    device: {
      ...claim("name", given.get("device")?.value),
      ...claim("os", given.get("os")?.value),
      ...claim("client", given.get("client")?.value),
    },
  }
}

type Parameter = { raw: string; value: string }

/** Each parameter by its decoded name, raw and percent-decoded once. */
function readParameters(query: string): ReadonlyMap<string, Parameter> {
  const given = new Map<string, Parameter>()
  for (const pair of query.split("&")) {
    for (const [name, value] of new URLSearchParams(pair)) {
      if (given.has(name)) {
        const known = PARAMETERS.some((parameter) => parameter === name)
        throw refused(known ? `${name} is there twice.` : "A parameter is there twice.")
      }
      const equals = pair.indexOf("=")
      given.set(name, { raw: equals < 0 ? "" : pair.slice(equals + 1), value })
    }
  }
  return given
}

function readChallenge(
  given: ReadonlyMap<string, Parameter>,
  options: { allowCodeWithoutPkce: boolean },
): string | null {
  const challenge = given.get("code_challenge")?.value
  const method = given.get("code_challenge_method")?.value
  if (method !== undefined && method !== "S256") throw refused("code_challenge_method must be S256.")
  if (challenge !== undefined) {
    if (isCodeChallenge(challenge)) return challenge
    throw refused("code_challenge must be the base64url of a SHA-256 digest, 43 characters, without padding.")
  }
  if (method !== undefined) throw refused("code_challenge is missing.")
  if (options.allowCodeWithoutPkce) return null
  throw refused(
    "This command-line program is too old for this server: it sends no code_challenge (PKCE). Update it, or ask whoever runs this server to allow older programs (AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE).",
  )
}

function readState(given: ReadonlyMap<string, Parameter>): string | null {
  const state = given.get("state")
  if (state === undefined) return null
  if (state.value.length > MAX_STATE_LENGTH) {
    throw refused(`state must be at most ${MAX_STATE_LENGTH} characters.`)
  }
  return percentDecoded(state.raw).toString("base64url")
}

/** The bytes of a raw query value (application/x-www-form-urlencoded). */
function percentDecoded(raw: string): Buffer {
  const text = raw.replaceAll("+", " ").replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return Buffer.from(text, "latin1")
}

function claim(name: keyof DeviceClaims, value: string | undefined): DeviceClaims {
  const tidy = tidyClaim(value ?? "")
  return tidy === "" ? {} : { [name]: tidy }
}

function refused(message: string): RequestRefused {
  return new RequestRefused(400, WIRE_ERRORS.invalidRequest, message)
}
