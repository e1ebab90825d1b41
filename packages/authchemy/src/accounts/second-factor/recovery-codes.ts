import { randomInt } from "node:crypto"

const HOW_MANY = 10
/** Without those that are mistaken for one another on paper. */
const CHARACTERS = "23456789abcdefghjkmnpqrstvwxyz"
const HALF = 5

/** Ten recovery codes, such as `8k2fh-w9x3t`: 49 random bits each. */
export function makeRecoveryCodes(): string[] {
  return Array.from({ length: HOW_MANY }, () => withHyphen(drawn(2 * HALF)))
}

/** A recovery code as it was made, however it was typed: in capitals, with blanks, without its hyphen. */
export function tidyRecoveryCode(typed: string): string {
  return withHyphen(typed.toLowerCase().replace(/[\s\-‐‑–—]/g, ""))
}

function withHyphen(code: string): string {
  return `${code.slice(0, HALF)}-${code.slice(HALF)}`
}

function drawn(length: number): string {
  return Array.from({ length }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join("")
}
