import { ALCHEMY_GRANT, SCOPES, type Scope } from "@authchemy/protocol"
import fc from "fast-check"
import { expect, test } from "vitest"
import {
  packRecord,
  packScopes,
  packShown,
  packTime,
  unpackScopes,
  unpackSession,
} from "./session-packing.ts"

const session = {
  ...ALCHEMY_GRANT,
  id: "AAECAwQFBgcICQoL",
  accountId: "a".repeat(32),
  device: { name: "ada-laptop", os: "linux", client: "alchemy-cli/1.0.0" },
  keyThumbprint: null,
  family: null,
  createdAt: Date.UTC(2026, 10, 23),
  lastUsedAt: Date.UTC(2026, 10, 24),
  expiresAt: Date.UTC(2027, 1, 21),
}

test("a session of the command on an account of ours has 64 bytes, and what is shown of it at most as many", () => {
  expect(packRecord(session)).toHaveLength(64)
  expect(packShown(session).length).toBeLessThanOrEqual(64)
})

const times = fc.integer({ min: 0, max: 2 ** 45 })
const claim = fc.option(fc.string({ unit: "grapheme", minLength: 1, maxLength: 64 }), { nil: undefined })
const sessions = fc.record({
  id: fc
    .uint8Array({ minLength: 12, maxLength: 12 })
    .map((bytes) => Buffer.from(bytes).toString("base64url")),
  accountId: fc.string({ unit: "grapheme", minLength: 1 }),
  clientId: fc.stringMatching(/^[A-Za-z0-9._~-]{1,64}$/),
  scopes: fc.subarray([...SCOPES]),
  device: fc
    .record({ name: claim, os: claim, client: claim })
    .map((device) => JSON.parse(JSON.stringify(device)) as { name?: string; os?: string; client?: string }),
  keyThumbprint: fc.option(fc.stringMatching(/^[\w-]{43}$/)),
  createdAt: times,
  lastUsedAt: times,
  expiresAt: times,
})

test("what was packed is read back, a session and an access token beside it", () => {
  fc.assert(
    fc.property(sessions, sessions, fc.stringMatching(/^[\w-]{43}$/), (main, other, family) => {
      const packed = packRecord({ ...main, family: null })
      const shown = Buffer.from(packShown(main))
      expect(unpackSession(packed, packed, shown)).toEqual({ ...main, family: null })
      const { scopes, keyThumbprint, lastUsedAt, expiresAt } = other
      const access = { ...main, scopes, keyThumbprint, lastUsedAt, expiresAt, family }
      expect(unpackSession(packRecord(access), packed, shown)).toEqual(access)
    }),
  )
})

test("the order of times is that of their bytes", () => {
  fc.assert(
    fc.property(times, times, (one, other) => {
      expect(Math.sign(Buffer.compare(packTime(one), packTime(other)))).toBe(Math.sign(one - other))
    }),
  )
})

test("bytes that are no record are refused", () => {
  for (const bytes of ["", "1old text", "\x03"]) {
    const record = Buffer.from(bytes)
    expect(() => unpackSession(record, record, Buffer.alloc(0))).toThrow("unknown kind of session record")
  }
})

test("scopes as a text: nothing for what most sessions have", () => {
  expect(packScopes(ALCHEMY_GRANT.scopes)).toBe("")
  for (const scopes of [[], ["account:read"], [...SCOPES]] as Scope[][]) {
    expect(unpackScopes(packScopes(scopes))).toEqual(scopes)
  }
})
