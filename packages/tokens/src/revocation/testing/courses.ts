import fc from "fast-check"
import { type Command, type Course, NODES } from "./simulated-world.ts"

const node = fc.nat({ max: NODES - 1 })
const account = fc.nat({ max: 2 })
const session = fc.oneof(fc.constant(0), fc.nat({ max: 3 }))
/** How long a fault lasts: often about as long as a lease. */
const ms = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 300, max: 700 }),
  fc.integer({ min: 1, max: 1_500 }),
)

const signIn: fc.Arbitrary<Command> = fc.record({ do: fc.constant("sign in"), account, node })
const call: fc.Arbitrary<Command> = fc.record({ do: fc.constant("call"), session, node })
const revoke: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("revoke"),
  session,
  node,
  all: fc.boolean(),
})
const heldUp: fc.Arbitrary<Command> = fc.record({
  do: fc.constantFrom("pause", "suspend", "freeze link"),
  ...{ node, ms },
})
const slow: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("slow link"),
  ...{ node, ms: fc.constantFrom(0, 20, 100, 200) },
})
const clockSet: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("set clock"),
  ...{ node, ms: fc.integer({ min: -20_000, max: 20_000 }) },
})
const restart: fc.Arbitrary<Command> = fc.record({ do: fc.constant("restart"), node })
const storeHeldUp: fc.Arbitrary<Command> = fc.record({
  do: fc.constantFrom("freeze store", "stall replication"),
  ms,
})
const lost: fc.Arbitrary<Command> = fc.record({ do: fc.constantFrom("fail over", "lose feed") })

/** Three sessions that all know, the last one of account 2. */
const BEGIN: Course = [
  ...[0, 1, 2].map((index) => ({
    afterMs: 5,
    command: { do: "sign in", account: index, node: index } as const,
  })),
  { afterMs: 30, command: { do: "call", session: 0, node: 0 } },
]

/**
 * Courses of events.
 * @param options.restarts whether processes may be restarted, which then do not know any more what was revoked
 */
export function courses(options: { restarts: boolean }): fc.Arbitrary<Course> {
  return fc.oneof(
    { weight: 4, arbitrary: anyCourse(options) },
    { weight: 1, arbitrary: cutOffWhileAcknowledging },
    { weight: 1, arbitrary: failoverBetweenRevocations },
    { weight: options.restarts ? 1 : 0, arbitrary: failoverAfterRevocation },
  )
}

function anyCourse(options: { restarts: boolean }): fc.Arbitrary<Course> {
  const command = fc.oneof(
    { weight: 4, arbitrary: signIn },
    { weight: 2, arbitrary: call },
    { weight: 8, arbitrary: revoke },
    { weight: 4, arbitrary: heldUp },
    { weight: 2, arbitrary: slow },
    { weight: 1, arbitrary: clockSet },
    { weight: options.restarts ? 1 : 0, arbitrary: restart },
    { weight: 1, arbitrary: storeHeldUp },
    { weight: 2, arbitrary: lost },
  )
  const afterMs = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 200 }))
  return fc
    .array(fc.record({ afterMs, command }), { minLength: 1, maxLength: 16 })
    .map((rest) => [...BEGIN, ...rest])
}

const revokeAt = (session: number, at: number): Command => ({
  do: "revoke",
  ...{ session, node: at, all: false },
})

/** A process is told of one revocation, and cannot say so any more; when whoever waited for it gives up, another session ends. */
const cutOffWhileAcknowledging: fc.Arbitrary<Course> = fc
  .record({ cutOff: fc.integer({ min: 0, max: 110 }), next: fc.integer({ min: 520, max: 600 }) })
  .map(({ cutOff, next }) => [
    ...BEGIN,
    { afterMs: 300, command: revokeAt(0, 1) },
    { afterMs: cutOff, command: { do: "freeze link", node: 0, ms: 1_200 } },
    { afterMs: next - cutOff, command: revokeAt(1, 2) },
  ])

/** A failover loses what was written last, and another session ends at once. */
const failoverBetweenRevocations: fc.Arbitrary<Course> = fc
  .record({ failover: fc.integer({ min: 1, max: 15 }), next: fc.integer({ min: 0, max: 30 }) })
  .map(({ failover, next }) => [
    ...BEGIN,
    { afterMs: 600, command: { do: "stall replication", ms: 300 } },
    { afterMs: 10, command: revokeAt(0, 1) },
    { afterMs: failover, command: { do: "fail over" } },
    { afterMs: next, command: revokeAt(1, 2) },
  ])

/** A failover loses a revocation, and a process that has just begun and knows of none is asked. */
const failoverAfterRevocation: fc.Arbitrary<Course> = fc
  .record({ restarted: fc.integer({ min: 0, max: 60 }), failover: fc.integer({ min: 0, max: 60 }) })
  .map(({ restarted, failover }) => [
    ...BEGIN,
    { afterMs: 600, command: { do: "stall replication", ms: 1_500 } },
    { afterMs: 10, command: revokeAt(0, 1) },
    { afterMs: restarted, command: { do: "restart", node: 0 } },
    { afterMs: failover, command: { do: "fail over" } },
  ])
