import { tidyClaim } from "@authchemy/protocol"
import * as v from "valibot"
import { AccountError } from "./accounts.ts"

export const LONGEST_EMAIL = 254
export const SHORTEST_PASSWORD = 8
export const LONGEST_PASSWORD = 128

/** No dots side by side before the @, and a domain of at least two labels, the last of which is no number. */
const DOTS = /^[^.@]+(?:\.[^.@]+)*@[^@]+\.[^.@]*[a-z][^.@]*$/

const ASCII = /^[\x21-\x7e]*$/

/** What browsers take for an email (HTML, "valid e-mail address"): they send the domain in Punycode. */
const Email = v.pipe(
  v.string(),
  v.trim(),
  // Before letters are made small: by that some others, such as the sign for kelvin, become ones of ASCII.
  v.regex(ASCII),
  v.toLowerCase(),
  v.maxLength(LONGEST_EMAIL),
  v.rfcEmail(),
  v.regex(DOTS),
)

/**
 * What an account is made of, tidied: the email in lower case, the name on one line (the part before the @ where none is given).
 * @throws AccountError naming the field
 */
export function tidyAccount(account: { email: string; password: string; name: string }): {
  email: string
  password: string
  name: string
} {
  const email = tidyEmail(account.email)
  if (email === null) {
    throw new AccountError("invalid_email", "Email must be an address such as ada@example.com.")
  }
  const problem = passwordProblem(account.password)
  if (problem !== null) throw new AccountError("invalid_password", problem)
  return { email, password: account.password, name: nameFrom(account.name, email) }
}

/** A name on one line; the part of the email before the @ where none is given. */
export function nameFrom(name: string, email: string): string {
  return tidyClaim(name) || tidyClaim(email.slice(0, email.indexOf("@")))
}

/** Why a text cannot be a password, as a sentence for the form; `null` where it can. */
export function passwordProblem({ length }: string): string | null {
  if (length < SHORTEST_PASSWORD) return `Password must have at least ${SHORTEST_PASSWORD} characters.`
  if (length > LONGEST_PASSWORD) return `Password must have at most ${LONGEST_PASSWORD} characters.`
  return null
}

/** The email as it is kept, or `null` where it is none. */
export function tidyEmail(email: string): string | null {
  const result = v.safeParse(Email, email)
  return result.success ? result.output : null
}
