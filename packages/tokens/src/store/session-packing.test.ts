import { ALCHEMY_CLIENT_ID, ALCHEMY_GRANT, DEFAULT_SCOPES, SCOPES } from "@authchemy/protocol"
import fc from "fast-check"
import { expect, test } from "vitest"
import { packScopes, packSession, packTime, unpackScopes, unpackSession } from "./session-packing.ts"

const time = fc.integer({ min: 0, max: 4_102_444_800_000 })
const claim = fc.string({ unit: "grapheme", minLength: 1, maxLength: 64 })

test("what is packed is unpacked, whatever the claims hold", () => {
  fc.assert(
    fc.property(
      fc.record({
        id: fc.string({ unit: fc.constantFrom(..."aZ0-_"), minLength: 16, maxLength: 16 }),
        accountId: fc.string({ minLength: 1 }),
        clientId: fc.constantFrom(ALCHEMY_CLIENT_ID, "other"),
        scopes: fc.shuffledSubarray([...SCOPES]),
        keyThumbprint: fc.option(fc.string({ minLength: 1 })),
        family: fc.option(fc.string({ minLength: 1 })),
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

test("no scopes are not the default scopes", () => {
  expect(unpackScopes(packScopes([]))).toEqual([])
  expect(packScopes(DEFAULT_SCOPES)).toBe("")
  expect(unpackScopes("")).toEqual(DEFAULT_SCOPES)
})

test("packed times sort as the times do", () => {
  fc.assert(fc.property(time, time, (a, b) => packTime(a) < packTime(b) === a < b))
})

test("another version is refused", () => {
  expect(() => unpackSession("2junk")).toThrow("version")
})

test("a session from before there were clients is one of the `alchemy` command, with the default scopes", () => {
  const times = packTime(1) + packTime(3) + packTime(2)
  expect(unpackSession(`1${times}session-id-16-ch["ada","laptop"]`)).toEqual({
    ...ALCHEMY_GRANT,
    ...{ id: "session-id-16-ch", accountId: "ada", device: { name: "laptop" } },
    ...{ lastUsedAt: 1, expiresAt: 3, createdAt: 2, keyThumbprint: null, family: null },
  })
})

test("what most sessions have takes no room", () => {
  const session = {
    ...ALCHEMY_GRANT,
    ...{ id: "session-id-16-ch", accountId: "ada", device: {}, keyThumbprint: null, family: null },
    ...{ lastUsedAt: 1, expiresAt: 3, createdAt: 2 },
  }
  expect(packSession(session)).toHaveLength(1 + 27 + 16 + '["ada"]'.length)
})
