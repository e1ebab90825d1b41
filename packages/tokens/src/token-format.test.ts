import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { digestOf, mintToken, parseToken, tagOf } from "./token-format.ts"

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
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.base64String()), (text) => {
      expect(parseToken(text)).toBeNull()
      expect(parseToken(`alchemy_at_${text}`)).toBeNull()
    }),
    { numRuns: 2000 },
  )
  const token = mintToken("at", "account", randomBytes)
  for (const odd of [`${token}\n`, ` ${token}`, token.toUpperCase(), token.replace("_at_", "_zz_")]) {
    expect(parseToken(odd)).toBeNull()
  }
})
