import fc from "fast-check"
import { expect, test } from "vitest"
import { AUDIT_EVENT_TYPES } from "./events.ts"
import { recordedEvent } from "./recorded.ts"

const stamp = { id: "evt_1", at: "2026-11-23T22:05:00.000Z" }
const origin = { actor: "browser", address: "192.0.2.7", agent: "Firefox" } as const

test("an event is kept as it is, what is left out as nothing", () => {
  expect(recordedEvent({ type: "sign_out", accountId: "ada" }, origin, stamp)).toEqual({
    ...stamp,
    type: "sign_out",
    accountId: "ada",
    sessionId: null,
    clientId: null,
    device: {},
    origin,
    details: {},
  })
})

test("texts are one line of bounded length, and what is empty then is nothing", () => {
  const event = recordedEvent(
    {
      type: "token.issued",
      accountId: "ada",
      sessionId: "\u0000",
      device: { name: `a\u001b[31m${"b".repeat(100)}`, os: "\u202e" },
      details: { name: `x\r\ny\u0000z${"😀".repeat(200)}`, count: 3, wrong: Number.NaN, yes: true },
    },
    { actor: "program", address: "a".repeat(100), agent: "c".repeat(500) },
    stamp,
  )
  expect(event.sessionId).toBeNull()
  expect(event.device).toEqual({ name: `a [31m${"b".repeat(58)}` })
  expect(event.origin).toEqual({ actor: "program", address: "a".repeat(64), agent: "c".repeat(200) })
  expect(event.details).toEqual({ name: `x y z${"😀".repeat(97)}`, count: 3, yes: true })
})

test("S45 a password in a URL is blacked out where the URL is cut, too", () => {
  const name = `${"x".repeat(170)} redis://ann:not-the-password@host`
  const { details } = recordedEvent({ type: "sign_out", accountId: null, details: { name } }, origin, stamp)
  expect(details.name).toBe(`${"x".repeat(170)} redis://…@host`)
})

test("details have at most a KiB; the first come first", () => {
  const details = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${at}`, "v".repeat(190)]))
  const kept = recordedEvent({ type: "sign_out", accountId: null, details }, origin, stamp).details
  expect(Object.keys(kept)).toEqual(["k0", "k1", "k2", "k3", "k4"])
})

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
const Body = fc.string({ unit: fc.constantFrom(...letters), minLength: 24, maxLength: 80 })
const Secret = fc
  .tuple(fc.constantFrom("alchemy_at_", "alchemy_ak_", "alchemy_rt_", "alchemy_ac_", "whsec_"), Body)
  .map(([prefix, body]) => ({ body, text: `${prefix}${body}` }))
const Around = fc.string({ unit: "binary", maxLength: 250 })

test("S45 S53 whatever it stands in, no token, key or secret is kept, nor a part of one", () => {
  fc.assert(
    fc.property(
      Secret,
      Around,
      Around,
      fc.constantFrom(...AUDIT_EVENT_TYPES),
      (secret, before, after, type) => {
        const text = `${before} ${secret.text}\u0000${after}`
        const event = recordedEvent(
          {
            type,
            accountId: "ada",
            sessionId: text,
            clientId: text,
            device: { name: text, os: text, client: text },
            details: { [text]: text, name: text },
          },
          { actor: "browser", address: text, agent: text },
          stamp,
        )
        const json = JSON.stringify(event)
        expect(json).not.toContain(secret.body.slice(0, 12))
        expect(Buffer.byteLength(json)).toBeLessThan(8 * 1024)
        expect(Buffer.byteLength(JSON.stringify(event.details))).toBeLessThanOrEqual(1024)
        expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      },
    ),
  )
})
