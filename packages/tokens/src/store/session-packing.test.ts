import fc from "fast-check"
import { expect, test } from "vitest"
import { packSession, packTime, unpackSession } from "./session-packing.ts"

const time = fc.integer({ min: 0, max: 4_102_444_800_000 })
const claim = fc.string({ unit: "grapheme", minLength: 1, maxLength: 64 })

test("what is packed is unpacked, whatever the claims hold", () => {
  fc.assert(
    fc.property(
      fc.record({
        id: fc.string({ unit: fc.constantFrom(..."aZ0-_"), minLength: 16, maxLength: 16 }),
        accountId: fc.string({ minLength: 1 }),
        device: fc.record({ name: claim, os: claim, client: claim }, { requiredKeys: [] }),
        createdAt: time,
        lastUsedAt: time,
        expiresAt: time,
      }),
      (session) => {
        expect(unpackSession(packSession(session))).toEqual(session)
      },
    ),
  )
})

test("packed times sort as the times do", () => {
  fc.assert(fc.property(time, time, (a, b) => packTime(a) < packTime(b) === a < b))
})

test("another version is refused", () => {
  expect(() => unpackSession("2junk")).toThrow("version")
})
