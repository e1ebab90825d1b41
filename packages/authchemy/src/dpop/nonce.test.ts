import fc from "fast-check"
import { expect, test } from "vitest"
import { createNonces, NONCE_LIFETIME_MS } from "./nonce.ts"

const START = Date.parse("2026-11-23T22:05:00.000Z")
let clock = START
const now = () => clock
const nonces = createNonces({ secret: "s".repeat(32), now })
const at = <T>(time: number, work: () => T): T => {
  clock = time
  try {
    return work()
  } finally {
    clock = START
  }
}

test("a nonce is good for five minutes, on every server with the secret", () => {
  const nonce = nonces.issue()
  const elsewhere = createNonces({ secret: "s".repeat(32), now })
  expect(nonce).toMatch(/^[A-Za-z0-9_-]{32}$/)
  for (const server of [nonces, elsewhere]) {
    expect(server.accepts(nonce)).toBe(true)
    expect(at(START + NONCE_LIFETIME_MS, () => server.accepts(nonce))).toBe(true)
    expect(at(START + NONCE_LIFETIME_MS + 1, () => server.accepts(nonce))).toBe(false)
  }
  expect(createNonces({ secret: "t".repeat(32), now }).accepts(nonce)).toBe(false)
})

test("another server's clock may be a minute ahead, no more", () => {
  const nonce = nonces.issue()
  expect(at(START - 60_000, () => nonces.accepts(nonce))).toBe(true)
  expect(at(START - 60_001, () => nonces.accepts(nonce))).toBe(false)
})

test("no change of a nonce is accepted, and no other text", () => {
  const nonce = nonces.issue()
  fc.assert(
    fc.property(fc.nat(nonce.length - 1), fc.nat(255), (position, code) => {
      const changed = nonce.slice(0, position) + String.fromCharCode(code) + nonce.slice(position + 1)
      fc.pre(changed !== nonce)
      expect(nonces.accepts(changed)).toBe(false)
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => nonces.accepts(text) === false))
  for (const text of ["", `${nonce}=`, `${nonce}A`, nonce.slice(1), `${nonce}\n`]) {
    expect(nonces.accepts(text)).toBe(false)
  }
})
