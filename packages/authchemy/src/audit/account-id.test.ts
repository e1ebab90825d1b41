import fc from "fast-check"
import { expect, test } from "vitest"
import { isDigestOfAccountId, loggedAccountId } from "./account-id.ts"

test("an id that every database keeps stays as it is, up to 512 code units", () => {
  for (const id of ["ada", "", "https://idp.example/users/7", "a\nb", "漢".repeat(512), "😀".repeat(256)])
    expect(loggedAccountId(id)).toBe(id)
})

test.each([
  ["is too long", "a".repeat(513)],
  ["has half a character", "a\ud83d"],
  ["has U+0000", "a\u0000"],
  ["begins like a digest", "sha256:"],
  ["is a digest", loggedAccountId("a".repeat(513))],
])("one that %s is given as its digest", (_why, id) => {
  expect(isDigestOfAccountId(loggedAccountId(id))).toBe(true)
  expect(loggedAccountId(id)).not.toBe(id)
  expect(isDigestOfAccountId(id)).toBe(id.length === 50)
})

test("no two ids are given alike, and none is longer than an index takes", () => {
  const Id = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.string({ unit: fc.constantFrom("a", "\u0000", "\ud800", "\udfff", "\ufffd"), maxLength: 3 }),
    fc.constantFrom("漢".repeat(512), "漢".repeat(513), `${"漢".repeat(513)}a`, "a".repeat(2000)),
  )
  fc.assert(
    fc.property(Id, Id, (one, other) => {
      const [first, second] = [loggedAccountId(one), loggedAccountId(other)]
      expect(first === second).toBe(one === other)
      expect(loggedAccountId(first) === second && one !== other && first !== one).toBe(false)
      expect(Buffer.from(first).toString()).toBe(first)
      expect(Buffer.byteLength(first)).toBeLessThanOrEqual(512 * 3)
    }),
  )
})
