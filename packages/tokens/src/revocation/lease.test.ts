import { expect, test } from "vitest"
import { createLease, LAPSE_MS, LEASE_MS } from "./lease.ts"
import { createManualClock } from "./testing/manual-clock.ts"

/** A lease that was asked for just now. */
function heldLease() {
  const clock = createManualClock()
  const lease = createLease(clock)
  lease.renew(lease.mark())
  return { clock, lease }
}

test("no lease is held before the first renewal", () => {
  const lease = createLease(createManualClock())
  expect([lease.isHeld(), lease.ageMs(), lease.remainingMs()]).toEqual([false, null, 0])
})

test("S52 a lease is held for 500 ms, and not a moment longer", () => {
  const { clock, lease } = heldLease()
  clock.advance(LEASE_MS - 1)
  expect([lease.isHeld(), lease.ageMs(), lease.remainingMs()]).toEqual([true, LEASE_MS - 1, 1])
  clock.advance(1)
  expect([lease.isHeld(), lease.ageMs(), lease.remainingMs()]).toEqual([false, null, 0])
})

test("S52 it counts from when it was asked for, however late the answer comes", () => {
  const clock = createManualClock()
  const lease = createLease(clock)
  const asked = lease.mark()
  clock.advance(400)
  lease.renew(asked)
  expect(lease.remainingMs()).toBe(LEASE_MS - 400)
  clock.advance(100)
  expect(lease.isHeld()).toBe(false)
  lease.renew(asked)
  expect(lease.isHeld()).toBe(false)
})

test("a renewal never shortens a lease, and one for no time at all changes nothing", () => {
  const { clock, lease } = heldLease()
  clock.advance(50)
  const asked = lease.mark()
  lease.renew(asked, 100)
  expect(lease.remainingMs()).toBe(LEASE_MS - 50)
  lease.renew(asked, 0)
  expect(lease.remainingMs()).toBe(LEASE_MS - 50)
})

test("S52 a lease that is passed on lasts as long as it was held", () => {
  const clock = createManualClock()
  const lease = createLease(clock)
  lease.renew(lease.mark(), 120)
  clock.advance(120)
  expect(lease.isHeld()).toBe(false)
})

test("S52 a machine that was suspended holds no lease when it goes on", () => {
  const { clock, lease } = heldLease()
  clock.suspend(LEASE_MS)
  expect(lease.isHeld()).toBe(false)
  expect(clock.monotonic()).toBe(createManualClock().monotonic())
})

test("S52 a clock that is set back ends the lease until it is renewed; the one that counts goes on", () => {
  const { clock, lease } = heldLease()
  clock.set(-1)
  expect(lease.isHeld()).toBe(false)
  lease.renew(lease.mark(), LEASE_MS + 1)
  expect(lease.isHeld()).toBe(true)
  clock.set(-3_600_000)
  clock.advance(LEASE_MS + 1)
  expect(lease.isHeld()).toBe(false)
})

test("S52 a clock that is set forward ends the lease early, never late", () => {
  const { clock, lease } = heldLease()
  clock.set(300)
  expect(lease.remainingMs()).toBe(LEASE_MS - 300)
  clock.advance(200)
  expect(lease.isHeld()).toBe(false)
})

test("a lease that has lapsed is gone at once", () => {
  const { lease } = heldLease()
  lease.lapse()
  expect(lease.isHeld()).toBe(false)
  lease.renew(lease.mark())
  expect(lease.isHeld()).toBe(true)
})

test("whoever revokes waits longer than a lease lasts", () => {
  expect(LAPSE_MS).toBeGreaterThanOrEqual(LEASE_MS * 1.05)
})
