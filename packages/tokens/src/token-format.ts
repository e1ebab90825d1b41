import { hash } from "node:crypto"
import { crc32 } from "node:zlib"

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const NO_DIGIT = 255
/** The value of each character of the alphabet, by its code. */
const DIGITS = Uint8Array.from({ length: 123 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code))
  return value < 0 ? NO_DIGIT : value
})
/** CRC-32 of each byte: `zlib.crc32` takes longer to be called than the sum of a token takes. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})
const TAG_LENGTH = 4
/** 43 base62 characters hold 256 bits. */
const SECRET_LENGTH = 43
/** 6 base62 characters hold 32 bits. */
const CHECKSUM_LENGTH = 6

/** What a token is for: authorization code, access token, access key, refresh token, device code. */
export type TokenKind = "ac" | "at" | "ak" | "rt" | "dc"

const PREFIX = "alchemy_"
const KINDS: ReadonlyMap<string, TokenKind> = new Map(
  (["ac", "at", "ak", "rt", "dc"] as const).map((kind) => [`${kind}_`, kind]),
)
const KIND_AT = PREFIX.length
/** The sum of the prefix, before what `zlib.crc32` does last. */
const PREFIX_CRC = ~crc32(PREFIX)
const TAG_AT = KIND_AT + 3
const SECRET_AT = TAG_AT + TAG_LENGTH
const CHECKSUM_AT = SECRET_AT + SECRET_LENGTH
const TOKEN_LENGTH = CHECKSUM_AT + CHECKSUM_LENGTH
/** How many bytes a token's secret has. */
export const SECRET_BYTES = 32
/** The 43 characters of 32 bytes of ones. The alphabet is in the order of ASCII, so the order of texts is that of numbers. */
const LARGEST_SECRET = base62(2n ** 256n - 1n, SECRET_LENGTH)

/**
 * The tag of an account: 4 base62 characters derived from its id. It names the Redis slot of the account's records and
 * nothing more; accounts may share one.
 */
export function tagOf(accountId: string): string {
  const digest = Buffer.from(hash("sha256", `authchemy tag\n${accountId}`, "hex"), "hex")
  return base62(BigInt(digest.readUInt32BE(0)) % 62n ** 4n, TAG_LENGTH)
}

/**
 * Mints `alchemy_<kind>_` + 4 characters tag + 43 characters secret + 6 characters checksum, base62.
 * @param randomBytes a cryptographically secure source; 32 bytes (256 bits) are taken
 */
export function mintToken(
  kind: TokenKind,
  accountId: string,
  randomBytes: (size: number) => Uint8Array,
): string {
  return formatToken(kind, tagOf(accountId), randomBytes(SECRET_BYTES))
}

/** The token of a tag and a secret of 32 bytes. */
export function formatToken(kind: TokenKind, tag: string, secret: Uint8Array): string {
  const number = BigInt(`0x${Buffer.from(secret).toString("hex")}`)
  const body = `alchemy_${kind}_${tag}${base62(number, SECRET_LENGTH)}`
  return body + checksumOf(body)
}

/** The 32 secret bytes of a token that `parseToken` has accepted; `null` where the text holds no 256 bits. */
export function secretOf(token: string): Buffer | null {
  let number = 0n
  for (const character of token.slice(-SECRET_LENGTH - CHECKSUM_LENGTH, -CHECKSUM_LENGTH)) {
    number = number * 62n + BigInt(ALPHABET.indexOf(character))
  }
  if (number >> 256n !== 0n) return null
  return Buffer.from(number.toString(16).padStart(SECRET_BYTES * 2, "0"), "hex")
}

/**
 * Reads the shape and the checksum of a token: junk is refused without a look-up, and so is all that `formatToken` does not write. Says nothing of
 * whether it is good.
 * @returns its kind and tag, or `null`
 */
export function parseToken(text: string): { kind: TokenKind; tag: string } | null {
  if (text.length !== TOKEN_LENGTH || !text.startsWith(PREFIX)) return null
  const kind = KINDS.get(text.slice(KIND_AT, KIND_AT + 3))
  if (kind === undefined) return null
  let checksum = PREFIX_CRC
  for (let index = KIND_AT; index < CHECKSUM_AT; index++) {
    const code = text.charCodeAt(index)
    if (index >= TAG_AT && !isDigit(code)) return null
    checksum = (CRC_TABLE[(checksum ^ code) & 0xff] ?? 0) ^ (checksum >>> 8)
  }
  let given = 0
  for (let index = CHECKSUM_AT; index < TOKEN_LENGTH; index++) {
    const code = text.charCodeAt(index)
    if (!isDigit(code)) return null
    given = given * 62 + (DIGITS[code] ?? 0)
  }
  if ((checksum ^ -1) >>> 0 !== given) return null
  if (text.slice(SECRET_AT, CHECKSUM_AT) > LARGEST_SECRET) return null
  return { kind, tag: text.slice(TAG_AT, SECRET_AT) }
}

/** Whether a character is one of the alphabet. */
function isDigit(code: number): boolean {
  return code < 123 && (DIGITS[code] ?? NO_DIGIT) !== NO_DIGIT
}

/** The SHA-256 digest under which a token is kept: base64url, 43 characters. */
export function digestOf(token: string): string {
  return hash("sha256", token, "base64url")
}

/** CRC-32 of the text, 6 base62 characters. Guards against typing errors and junk, not against forgers. */
function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH)
}

function base62(value: bigint, length: number): string {
  let rest = value
  let text = ""
  for (let index = 0; index < length; index++) {
    text = ALPHABET[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}
