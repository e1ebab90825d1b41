/** Twenty letters: no vowels, so that no word comes about, and none that is taken for a digit (RFC 8628 §6.1). */
export const USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
/** 20⁸ codes: 34.5 bits. */
export const USER_CODE_LENGTH = 8

const USER_CODE = new RegExp(`^[${USER_CODE_ALPHABET}]{${USER_CODE_LENGTH}}$`)

/**
 * Makes a user code, `XXXX-XXXX`, each letter as likely as any other.
 * @param randomBytes a cryptographically secure source
 */
export function userCodeFrom(randomBytes: (size: number) => Uint8Array): string {
  // Above the largest multiple of 20 a byte would favour the first letters: it is thrown away.
  const fair = 256 - (256 % USER_CODE_ALPHABET.length)
  let letters = ""
  while (letters.length < USER_CODE_LENGTH) {
    for (const byte of randomBytes(USER_CODE_LENGTH)) {
      if (byte < fair && letters.length < USER_CODE_LENGTH) {
        letters += USER_CODE_ALPHABET[byte % USER_CODE_ALPHABET.length]
      }
    }
  }
  return withHyphen(letters)
}

/**
 * A user code as a person typed it, in its one spelling `XXXX-XXXX`: small letters, blanks, hyphens and other punctuation do not
 * matter (RFC 8628 §6.1). `null` where it cannot be one.
 */
export function tidyUserCode(typed: string): string | null {
  if (typed.length > 64) return null
  const letters = typed.toUpperCase().replace(/[\s\p{P}\p{Cf}]/gu, "")
  return USER_CODE.test(letters) ? withHyphen(letters) : null
}

function withHyphen(letters: string): string {
  return `${letters.slice(0, USER_CODE_LENGTH / 2)}-${letters.slice(USER_CODE_LENGTH / 2)}`
}
