import { createHash, randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { familyDigestOf, mintRefreshToken, parseRefreshToken, successorsOf } from "./refresh-token.ts"
import { digestOf, formatToken, parseToken, secretOf, tagOf } from "./token-format.ts"

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const nonce = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"))
const tokenOf = (bytes: Uint8Array) => formatToken("rt", "0aZ9", bytes)
const half = (token: string, which: 0 | 1) => secretOf(token)?.subarray(which * 16, which * 16 + 16)

test("a refresh token leads to its family, and so does each that follows on it", () => {
  const first = mintRefreshToken("account", randomBytes)
  const { family } = parseRefreshToken(first) ?? {}
  expect(parseRefreshToken(first)).toEqual({ tag: tagOf("account"), family: familyDigestOf(first) })
  let token = first
  for (let count = 0; count < 20; count++) {
    token = successorsOf(token, randomBytes(32).toString("base64url")).refreshToken
    expect(parseRefreshToken(token)).toEqual({ tag: tagOf("account"), family })
  }
  expect(parseRefreshToken(mintRefreshToken("account", randomBytes))?.family).not.toBe(family)
})

test("successors are tokens like any other, the same for the same token and nonce, and new for any other", () => {
  fc.assert(
    fc.property(secret, nonce, nonce, (bytes, one, other) => {
      const token = tokenOf(bytes)
      const next = successorsOf(token, one)
      expect(successorsOf(token, one)).toEqual(next)
      expect(parseToken(next.refreshToken)).toEqual({ kind: "rt", tag: "0aZ9" })
      expect(parseToken(next.token)).toEqual({ kind: "at", tag: "0aZ9" })
      expect(half(next.refreshToken, 0)).toEqual(half(token, 0))
      expect(half(next.refreshToken, 1)).not.toEqual(half(token, 1))
      // The access token, which is sent to many places, tells nothing of the refresh token.
      for (const which of [0, 1] as const) {
        expect(half(next.token, which)).not.toEqual(half(next.refreshToken, 1))
        expect(half(next.token, which)).not.toEqual(half(token, 0))
      }
      if (one === other) return
      const another = successorsOf(token, other)
      expect(another.token).not.toBe(next.token)
      expect(half(another.refreshToken, 1)).not.toEqual(half(next.refreshToken, 1))
    }),
    { numRuns: 300 },
  )
})

test("who holds an old token, or half of one, cannot work out the successor without the nonce and the other half", () => {
  const token = mintRefreshToken("account", randomBytes)
  const nonceOfStore = randomBytes(32).toString("base64url")
  const next = successorsOf(token, nonceOfStore)
  const guessed = formatToken(
    "rt",
    tagOf("account"),
    Buffer.concat([half(token, 0) ?? token, randomBytes(16)] as Buffer[]),
  )
  expect(successorsOf(guessed, nonceOfStore).token).not.toBe(next.token)
  expect(successorsOf(token, "").token).not.toBe(next.token)
  expect(successorsOf(next.refreshToken, nonceOfStore).token).not.toBe(next.token)
})

test("a family's digest is that of no token, and of the first half alone", () => {
  fc.assert(
    fc.property(secret, secret, (bytes, others) => {
      const token = tokenOf(bytes)
      const sibling = tokenOf(Uint8Array.from([...bytes.subarray(0, 16), ...others.subarray(16)]))
      const stranger = tokenOf(Uint8Array.from([...others.subarray(0, 16), ...bytes.subarray(16)]))
      const family = familyDigestOf(token)
      expect(family).toMatch(/^[\w-]{43}$/)
      expect(familyDigestOf(sibling)).toBe(family)
      if (Buffer.compare(bytes.subarray(0, 16), others.subarray(0, 16)) !== 0) {
        expect(familyDigestOf(stranger)).not.toBe(family)
      }
      // What is hashed begins as no token and no name of the other kinds does.
      const plain = createHash("sha256").update(bytes.subarray(0, 16)).digest("base64url")
      expect([digestOf(token), digestOf(sibling), plain]).not.toContain(family)
    }),
    { numRuns: 300 },
  )
})

test("only refresh tokens are refresh tokens", () => {
  const bytes = randomBytes(32)
  for (const kind of ["at", "ac", "ak", "dc"] as const) {
    expect(parseRefreshToken(formatToken(kind, "0aZ9", bytes))).toBeNull()
  }
  const token = tokenOf(bytes)
  for (const odd of ["", "junk", token.slice(0, -1), `${token}0`, ` ${token}`]) {
    expect(parseRefreshToken(odd)).toBeNull()
  }
})
