import * as v from "valibot"
import { DEFAULT_EXPIRES_IN_SECONDS, MAX_CLAIM_LENGTH, MIN_EXPIRES_IN_SECONDS } from "./constants.ts"

/** A moment on the wire: UTC, ISO 8601 with milliseconds, for example `2026-11-23T22:05:00.000Z`. */
export const Timestamp = v.pipe(v.string(), v.isoTimestamp())

/** A text that is not empty, of at most `longest` UTF-16 code units. */
export const text = (longest: number) =>
  v.pipe(
    v.string("must be a string"),
    v.minLength(1, "must not be empty"),
    v.maxLength(longest, `must be at most ${longest} characters`),
  )

/**
 * How the calling machine describes itself. Claims, not facts: they are shown to the person, escaped, and decide nothing.
 * A longer text is cut at `MAX_CLAIM_LENGTH`; control characters and bidirectional overrides become spaces.
 */
const Claim = v.exactOptional(v.pipe(v.string("must be a string"), v.transform(tidyClaim)))
export const DeviceClaims = v.object({ name: Claim, os: Claim, client: Claim })
export type DeviceClaims = { name?: string; os?: string; client?: string }

/** One line of at most `MAX_CLAIM_LENGTH` characters, without control or direction characters (Unicode Cc, Cf, Zl, Zp). */
export function tidyClaim(claim: string): string {
  return tidyText(claim, MAX_CLAIM_LENGTH)
}

/** One line of at most `longest` UTF-16 code units, as `tidyClaim` makes it; no character is cut in two. */
export function tidyText(text: string, longest: number): string {
  const tidy = Array.from(text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim())
  let cut = ""
  for (const character of tidy) {
    if (cut.length + character.length > longest) break
    cut += character
  }
  return cut
}

/**
 * A wished lifetime in whole seconds: at least 60, and lowered to 90 days where more is asked for; 90 days where nothing is.
 */
export const ExpiresInSeconds = v.optional(
  v.pipe(
    v.number("must be a number of seconds"),
    v.integer("must be a whole number of seconds"),
    v.minValue(MIN_EXPIRES_IN_SECONDS, `must be at least ${MIN_EXPIRES_IN_SECONDS} seconds`),
    v.transform((seconds) => Math.min(seconds, DEFAULT_EXPIRES_IN_SECONDS)),
  ),
  DEFAULT_EXPIRES_IN_SECONDS,
)
