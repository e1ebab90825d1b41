import { randomBytes } from "node:crypto"
import { crc32 } from "node:zlib"
import fc from "fast-check"
import { expect, test } from "vitest"
import {
  digestOf,
  formatToken,
  mintToken,
  parseToken,
  secretOf,
  type TokenKind,
  tagOf,
} from "./token-format.ts"

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const KINDS: readonly TokenKind[] = ["ac", "at", "ak", "rt", "dc"]
const base62 = (length: number) =>
  fc.string({ unit: fc.constantFrom(...BASE62), minLength: length, maxLength: length })
const kind = fc.constantFrom(...KINDS)
const tag = base62(4)
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const token = fc.tuple(kind, tag, secret).map((parts) => formatToken(...parts))

/** A checksum that anybody can make: the token's form guards against typing errors, not against forgers. */
function withChecksum(body: string): string {
  let rest = crc32(body)
  let text = ""
  while (text.length < 6) {
    text = `${BASE62[rest % 62]}${text}`
    rest = Math.floor(rest / 62)
  }
  return body + text
}

/** All of a token but its 43 characters and the checksum. */
const PREFIX = "alchemy_rt_0aZ9"

test("a token has the shape of the wire contract", () => {
  const token = mintToken("at", "account", randomBytes)
  expect(token).toMatch(/^alchemy_at_[0-9A-Za-z]{4}[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/)
  expect(token.slice(11, 15)).toBe(tagOf("account"))
  expect(parseToken(token)).toEqual({ kind: "at", tag: tagOf("account") })
})

test("the format never changes: tokens that are out there stay good", () => {
  const token = mintToken("at", "account", (size) => new Uint8Array(size).fill(7))
  expect(token).toMatchInlineSnapshot(`"alchemy_at_dFH41fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11TlVMC"`)
  expect(digestOf(token)).toMatchInlineSnapshot(`"dgWNsyxZ8pAo5LT7gFvngZXFgCaJ2afOx-ZOAuTPcZQ"`)
})

test("all 256 bits of the secret are in the token", () => {
  const of = (byte: number) => mintToken("at", "a", (size) => new Uint8Array(size).fill(byte))
  expect(parseToken(of(0))).not.toBeNull()
  expect(parseToken(of(255))).not.toBeNull()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(255), (bytes, bit) => {
      const flipped = bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      return mintToken("at", "a", () => bytes) !== mintToken("at", "a", () => flipped)
    }),
  )
})

test("one wrong character anywhere is refused without a look-up", () => {
  const token = mintToken("at", "account", randomBytes)
  for (let index = 0; index < token.length; index++) {
    const wrong = token[index] === "x" ? "y" : "x"
    expect(parseToken(token.slice(0, index) + wrong + token.slice(index + 1))).toBeNull()
  }
})

test("whatever is not a token is refused, and nothing throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.base64String()), (text) =>
      [text, `alchemy_at_${text}`].every((odd) => parseToken(odd) === null),
    ),
    { numRuns: 2000 },
  )
  const token = mintToken("at", "account", randomBytes)
  for (const odd of [`${token}\n`, ` ${token}`, token.toUpperCase(), token.replace("_at_", "_zz_")]) {
    expect(parseToken(odd)).toBeNull()
  }
})

test("what is formatted is read again: the kind, the tag, and all 32 bytes", () => {
  fc.assert(
    fc.property(kind, tag, secret, (ofKind, ofTag, bytes) => {
      const text = formatToken(ofKind, ofTag, bytes)
      expect(parseToken(text)).toEqual({ kind: ofKind, tag: ofTag })
      expect(secretOf(text)).toEqual(Buffer.from(bytes))
    }),
    { numRuns: 1000 },
  )
})

test("what is read is what is formatted, and nothing beside it: a changed token is refused, or is another one", () => {
  const character = fc.oneof(
    fc.constantFrom(...BASE62, "_", "-", " ", "\n", "\0"),
    fc.string({ unit: "binary" }),
  )
  const change = fc.record({ at: fc.nat({ max: 70 }), cut: fc.nat({ max: 3 }), put: character })
  fc.assert(
    fc.property(
      token,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (text, changes, mended) => {
        let changed = text
        for (const { at, cut, put } of changes) changed = changed.slice(0, at) + put + changed.slice(at + cut)
        if (mended) changed = withChecksum(changed.slice(0, -6))
        const parsed = parseToken(changed)
        if (parsed === null) return
        const bytes = secretOf(changed) ?? Buffer.alloc(0)
        expect(formatToken(parsed.kind, parsed.tag, bytes)).toBe(changed)
        expect(bytes).toHaveLength(32)
      },
    ),
    { numRuns: 10_000 },
  )
})

test("any one character that is another, left out, doubled or put beside it, is refused", () => {
  const other = fc.oneof(
    fc.constantFrom(...BASE62, "_", "-", ".", "é", "０", "\n"),
    fc.string({ unit: "binary" }),
  )
  fc.assert(
    fc.property(token, fc.nat({ max: 63 }), other, (text, at, put) => {
      const [before, character, after] = [text.slice(0, at), text.charAt(at), text.slice(at + 1)]
      if (put !== character) expect(parseToken(before + put + after)).toBeNull()
      for (const odd of [before, before + after, before + character + character + after]) {
        expect(parseToken(odd)).toBeNull()
      }
      if (put !== "") for (const odd of [text + put, put + text]) expect(parseToken(odd)).toBeNull()
    }),
    { numRuns: 5000 },
  )
})

test("43 characters that stand for more than 256 bits are no secret: no two texts are one token", () => {
  const largest = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"
  expect(formatToken("rt", "0aZ9", new Uint8Array(32).fill(255))).toBe(withChecksum(PREFIX + largest))
  expect(parseToken(withChecksum(PREFIX + largest))).toEqual({ kind: "rt", tag: "0aZ9" })
  for (const more of [`${largest.slice(0, -1)}2`, `z${"0".repeat(42)}`, "z".repeat(43)]) {
    expect(parseToken(withChecksum(PREFIX + more))).toBeNull()
    expect(secretOf(withChecksum(PREFIX + more))).toBeNull()
  }
  fc.assert(
    fc.property(base62(43), (characters) => {
      const accepted = parseToken(withChecksum(PREFIX + characters)) !== null
      expect(accepted).toBe(secretOf(withChecksum(PREFIX + characters)) !== null)
    }),
    { numRuns: 2000 },
  )
})

test("no text makes the parser throw", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 100 }), fc.base64String(), fc.lorem(), token)
  fc.assert(
    fc.property(text, fc.string({ unit: "binary" }), (one, other) => {
      for (const odd of [one, one + other, `alchemy_rt_${one}`, `alchemy_${other}`]) {
        expect([null, "object"]).toContain(parseToken(odd) && "object")
        secretOf(odd)
        tagOf(odd)
      }
    }),
    { numRuns: 2000 },
  )
})

test("a tag is four characters, whatever it is of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (accountId) => {
      expect(tagOf(accountId)).toMatch(/^[0-9A-Za-z]{4}$/)
    }),
  )
})
