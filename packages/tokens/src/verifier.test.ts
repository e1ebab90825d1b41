import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { StoreUnavailableError } from "./errors.ts"
import type { RevocationFeed } from "./revocation/feed.ts"
import { TOMBSTONE_MS } from "./revocation/feed-log.ts"
import { createManualClock } from "./revocation/testing/manual-clock.ts"
import { createRandom } from "./revocation/testing/random.ts"
import { newSession } from "./sessions.ts"
import { LAST_USE_RESOLUTION_MS, type SessionRecord } from "./store/store.ts"
import { mintToken } from "./token-format.ts"
import { createSessionVerifier } from "./verifier.ts"

/** A verifier over a store whose answers the test gives, and a feed that says what the test says. */
function openVerifier() {
  const clock = createManualClock()
  const { bytes } = createRandom(1)
  const records = new Map<string, SessionRecord>()
  const feed = { isCurrent: true, generation: 1, forgotten: new Set<string>(), follows: 0 }
  const listeners = new Set<(item: string | null) => void>()
  const reads: string[] = []
  const touches: { digest: string; at: number; settle: (error?: Error) => void }[] = []
  const gate: { held: Promise<void> | null; error: Error | null } = { held: null, error: null }
  const stub: Pick<RevocationFeed, "follow" | "isCurrent" | "isForgotten" | "generation" | "onForgotten"> = {
    follow: () => void feed.follows++,
    isCurrent: () => feed.isCurrent,
    isForgotten: (item) => feed.forgotten.has(item),
    generation: () => feed.generation,
    onForgotten: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const verifier = createSessionVerifier({
    source: {
      findSession: async (_tag, digest) => {
        reads.push(digest)
        const found = records.get(digest) ?? null
        await gate.held
        if (gate.error !== null) throw gate.error
        return found
      },
      touchSession: (_tag, digest, at) =>
        new Promise((resolve, reject) => {
          touches.push({ digest, at, settle: (error) => (error ? reject(error) : resolve()) })
        }),
    },
    feed: stub as RevocationFeed,
    clock,
    heldSessions: 100,
  })
  const signIn = (change: { keyThumbprint?: string; accountId?: string; clientId?: string } = {}) => {
    const grant = { ...ALCHEMY_GRANT, accountId: "ada", device: {}, keyThumbprint: null, ...change }
    const source = { now: clock.now, randomBytes: bytes }
    const { issued, creation } = newSession(source, clock.now(), { ...grant, expiresInSeconds: 3_600 })
    records.set(creation.session.digest, creation.session)
    return {
      token: issued.token,
      record: creation.session,
      item: `${creation.session.tag}.${creation.session.digest}`,
    }
  }
  const forget = (item: string | null) => {
    for (const listener of listeners) listener(item)
  }
  return { clock, feed, forget, gate, listeners, reads, records, signIn, touches, verifier, bytes }
}

test("a session is read once, and then the same frozen object is answered from memory", async () => {
  const { verifier, signIn, reads, feed } = openVerifier()
  const { token } = signIn()
  expect(verifier.verifyHeld(token)).toBeUndefined()
  const first = await verifier.verify(token)
  expect(first).toMatchObject({ accountId: "ada" })
  expect(Object.isFrozen(first)).toBe(true)
  expect(await verifier.verify(token)).toBe(first)
  expect(verifier.verifyHeld(token)).toBe(first)
  expect(reads).toHaveLength(1)
  expect(feed.follows).toBe(1)
  expect(first).not.toHaveProperty("digest")
  expect(verifier.stats()).toMatchObject({ held: 2, read: 1, heldSessions: 1 })
})

test("junk, and tokens of another kind, are refused without a look-up", async () => {
  const { verifier, reads, bytes, feed } = openVerifier()
  for (const token of ["", "junk", mintToken("rt", "ada", bytes), `${mintToken("at", "ada", bytes)}x`]) {
    expect(await verifier.verify(token)).toBeNull()
    expect(verifier.verifyHeld(token)).toBeNull()
    expect(verifier.inspectHeld(token)).toBeNull()
  }
  expect([reads.length, feed.follows]).toEqual([0, 0])
})

test("an unknown token is refused, and asked for each time", async () => {
  const { verifier, reads, bytes } = openVerifier()
  const token = mintToken("at", "ada", bytes)
  expect([await verifier.verify(token), await verifier.verify(token)]).toEqual([null, null])
  expect(reads).toHaveLength(2)
})

test("S52 without a lease every call reads the store, and what it says counts", async () => {
  const { verifier, signIn, reads, records, feed } = openVerifier()
  const { token, record } = signIn()
  await verifier.verify(token)
  feed.isCurrent = false
  expect(verifier.verifyHeld(token)).toBeUndefined()
  expect(await verifier.verify(token)).not.toBeNull()
  records.delete(record.digest)
  expect(await verifier.verify(token)).toBeNull()
  expect(reads).toHaveLength(3)
})

test("S52 where the store says nothing either, nothing is known", async () => {
  const { verifier, signIn, feed, gate } = openVerifier()
  const { token } = signIn()
  await verifier.verify(token)
  feed.isCurrent = false
  gate.error = new StoreUnavailableError(new Error("away"))
  await expect(verifier.verify(token)).rejects.toBe(gate.error)
  expect(verifier.stats()).toMatchObject({ unavailable: 1 })
  feed.isCurrent = true
  expect(await verifier.verify(token)).not.toBeNull()
})

test("S46 what is revoked is forgotten: the next call reads", async () => {
  const { verifier, signIn, records, forget } = openVerifier()
  const { token, record, item } = signIn()
  await verifier.verify(token)
  records.delete(record.digest)
  forget(item)
  expect(verifier.verifyHeld(token)).toBeUndefined()
  expect(await verifier.verify(token)).toBeNull()
})

test("S46 a read that went before a revocation which has been told since is refused, and not kept", async () => {
  const { verifier, signIn, feed, gate, forget } = openVerifier()
  const { token, item } = signIn()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.held = promise
  const call = verifier.verify(token)
  feed.forgotten.add(item)
  forget(item)
  resolve()
  expect(await call).toBeNull()
  expect(verifier.stats().heldSessions).toBe(0)
})

test("S50 a read that went before everything was forgotten is answered, and not kept", async () => {
  const { verifier, signIn, feed, gate, forget } = openVerifier()
  const { token } = signIn()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.held = promise
  const call = verifier.verify(token)
  feed.generation++
  forget(null)
  resolve()
  expect(await call).not.toBeNull()
  expect(verifier.stats().heldSessions).toBe(0)
})

test("S52 what is read without a lease is not kept", async () => {
  const { verifier, signIn, feed } = openVerifier()
  feed.isCurrent = false
  await verifier.verify(signIn().token)
  expect(verifier.stats().heldSessions).toBe(0)
})

test("S52 the lease is looked at when all else is decided", async () => {
  const { verifier, signIn, clock, feed } = openVerifier()
  const { token } = signIn()
  await verifier.verify(token)
  // A process that is stopped in the middle of a look-up: afterwards its lease is over.
  const { monotonic } = clock
  clock.monotonic = () => {
    feed.isCurrent = false
    return monotonic()
  }
  expect(verifier.verifyHeld(token)).toBeUndefined()
})

test("an account's or a client's sessions are forgotten together, and no others", async () => {
  const { verifier, signIn, forget } = openVerifier()
  const [ada, bob, tool] = [signIn(), signIn({ accountId: "bob" }), signIn({ clientId: "deploy-tool" })]
  const hold = () => Promise.all([ada, bob, tool].map(({ token }) => verifier.verify(token)))
  const isHeld = () => [ada, bob, tool].map(({ token }) => verifier.verifyHeld(token) !== undefined)
  await hold()
  forget("account:ada")
  expect(isHeld()).toEqual([false, true, false])
  await hold()
  forget("client:deploy-tool")
  expect(isHeld()).toEqual([true, true, false])
  forget("client:another")
  expect(isHeld()).toEqual([true, true, false])
  forget(null)
  expect(isHeld()).toEqual([false, false, false])
})

test("a session that has expired is refused from memory", async () => {
  const { verifier, signIn, clock, reads } = openVerifier()
  const { token, record } = signIn()
  clock.set(3_600_000 - 1)
  await verifier.verify(token)
  expect(record.expiresAt).toBe(clock.now() + 1)
  clock.set(1)
  expect(verifier.verifyHeld(token)).toBeNull()
  expect(await verifier.verify(token)).toBeNull()
  expect(reads).toHaveLength(1)
})

test("even what nobody announced is read again after ten minutes", async () => {
  const { verifier, signIn, clock, records } = openVerifier()
  const { token, record } = signIn()
  await verifier.verify(token)
  records.delete(record.digest)
  clock.advance(TOMBSTONE_MS)
  expect(verifier.verifyHeld(token)).not.toBeNull()
  clock.advance(1)
  expect(verifier.verifyHeld(token)).toBeUndefined()
  expect(await verifier.verify(token)).toBeNull()
})

test("a bound token is no bearer token, nor the other way round, from the store and from memory", async () => {
  const { verifier, signIn } = openVerifier()
  const [bound, bearer] = [signIn({ keyThumbprint: "key" }).token, signIn().token]
  for (let round = 0; round < 2; round++) {
    expect(await verifier.verify(bound)).toBeNull()
    expect(await verifier.verify(bound, "another")).toBeNull()
    expect(await verifier.verify(bound, "key")).not.toBeNull()
    expect(await verifier.verify(bearer, "key")).toBeNull()
    expect(await verifier.verify(bearer)).not.toBeNull()
    expect(await verifier.inspect(bound)).not.toBeNull()
  }
  expect(verifier.verifyHeld(bound)).toBeNull()
  expect(verifier.verifyHeld(bound, "key")).not.toBeNull()
  expect(verifier.inspectHeld(bound)).not.toBeNull()
})

test("a use is noted at most once a minute, shown at the next call, and never waited for", async () => {
  const { verifier, signIn, clock, touches } = openVerifier()
  const { token, record } = signIn()
  await verifier.verify(token)
  clock.advance(LAST_USE_RESOLUTION_MS - 1)
  await verifier.verify(token)
  expect(touches).toEqual([])
  clock.advance(1)
  await verifier.verify(token)
  const used = verifier.verifyHeld(token)
  expect(touches).toMatchObject([{ digest: record.digest, at: clock.now() }])
  expect(used?.lastUsedAt).toBe(clock.now())
  expect(Object.isFrozen(used)).toBe(true)
  let isClosed = false
  const closing = verifier.close().then(() => {
    isClosed = true
  })
  await Promise.resolve()
  expect(isClosed).toBe(false)
  touches[0]?.settle()
  await closing
})

test("a note that fails is made again at the next use that is long enough after", async () => {
  const { verifier, signIn, clock, touches } = openVerifier()
  const { token } = signIn()
  await verifier.verify(token)
  clock.advance(LAST_USE_RESOLUTION_MS)
  await verifier.verify(token)
  touches[0]?.settle(new StoreUnavailableError(new Error("away")))
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(LAST_USE_RESOLUTION_MS)
  expect(await verifier.verify(token)).not.toBeNull()
  expect(touches).toHaveLength(2)
  for (const { settle } of touches) settle()
  await verifier.close()
})

test("when it is closed, it holds nothing and listens no more", async () => {
  const { verifier, signIn, listeners } = openVerifier()
  await verifier.verify(signIn().token)
  await verifier.close()
  expect([verifier.stats().heldSessions, listeners.size]).toEqual([0, 0])
})
