import { type DeviceClaims, MAX_STATE_LENGTH, tidyClaim, WIRE_ERRORS } from "@authchemy/protocol"
import { RequestRefused } from "../middleware/request-refused.ts"

/** A parameter as it came and percent-decoded once. */
export type Parameter = { raw: string; value: string }

/** The parameters of a query or a form body, each by its decoded name; and the names that stand more than once (RFC 6749 §3.1). */
export type Parameters = { given: ReadonlyMap<string, Parameter>; twice: ReadonlySet<string> }

/** Reads `application/x-www-form-urlencoded` text. @param text a query without `?`, or a body */
export function readParameters(text: string): Parameters {
  const given = new Map<string, Parameter>()
  const twice = new Set<string>()
  for (const pair of text.split("&")) {
    for (const [name, value] of new URLSearchParams(pair)) {
      if (given.has(name)) {
        twice.add(name)
        continue
      }
      const equals = pair.indexOf("=")
      given.set(name, { raw: equals < 0 ? "" : pair.slice(equals + 1), value })
    }
  }
  return { given, twice }
}

/** The bytes of `state` as base64url, so that they are echoed as they came; `null` where none was sent. @throws RequestRefused 400 */
export function readState({ given }: Parameters): string | null {
  const state = given.get("state")
  if (state === undefined) return null
  if (state.value.length > MAX_STATE_LENGTH) {
    throw invalidRequest(`state must be at most ${MAX_STATE_LENGTH} characters.`)
  }
  return percentDecoded(state.raw).toString("base64url")
}

/** What the calling machine says of itself: `device`, `os` and `client`, tidied; what is empty is left out. */
export function readDeviceClaims({ given }: Parameters): DeviceClaims {
  return {
    ...claim("name", given.get("device")?.value),
    ...claim("os", given.get("os")?.value),
    ...claim("client", given.get("client")?.value),
  }
}

/** A 400 `invalid_request`. */
export function invalidRequest(message: string): RequestRefused {
  return new RequestRefused(400, WIRE_ERRORS.invalidRequest, message)
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
