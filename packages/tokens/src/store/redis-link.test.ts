import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createLink, keepAlive } from "./redis-link.ts"
import type { RedisSocket, WatchSocket } from "./redis-socket.ts"
import { createFakeSocket } from "./testing.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A link whose attempts end as the test says, in turn; the last one counts for all that follow. */
function linkOf(...outcomes: (RedisSocket | Error)[]) {
  const watches: WatchSocket[] = []
  const errors: string[] = []
  const link = createLink({
    open: async (watch) => {
      const outcome = outcomes[Math.min(watches.length, outcomes.length - 1)]
      watches.push(watch)
      if (outcome === undefined || outcome instanceof Error) throw outcome
      return outcome
    },
    onError: (error) => errors.push(error.message),
  })
  return { link, watches, errors }
}

test("there is no connection before it is made; attempts at once are one", async () => {
  const socket = createFakeSocket()
  const { link, watches } = linkOf(socket)
  expect(() => link.socket()).toThrow("no connection")
  expect(await Promise.all([link.connected(), link.connected()])).toEqual([socket, socket])
  expect(link.socket()).toBe(socket)
  expect(watches).toHaveLength(1)
})

test("after a loss there is none at once, and then another by itself", async () => {
  const [first, second] = [createFakeSocket(), createFakeSocket()]
  const { link, watches, errors } = linkOf(first, new Error("refused"), new Error("refused"), second)
  await link.connected()
  watches[0]?.onLost(new Error("reset"))
  expect(() => link.socket()).toThrow("no connection")
  await expect(link.connected()).rejects.toThrow("no connection")
  await vi.advanceTimersByTimeAsync(25 + 50 + 100)
  expect(link.socket()).toBe(second)
  // The same trouble twice is told once.
  expect(errors).toEqual(["reset", "refused"])
})

test("attempts are never further apart than half a second", async () => {
  const { link, watches } = linkOf(new Error("refused"))
  await expect(link.connected()).rejects.toThrow("refused")
  await vi.advanceTimersByTimeAsync(10_000)
  const before = watches.length
  await vi.advanceTimersByTimeAsync(5_000)
  expect(watches.length - before).toBe(10)
})

test("a connection that is lost while it is being made is never used", async () => {
  const { promise: isMade, resolve: make } = Promise.withResolvers<void>()
  const sockets = [createFakeSocket(), createFakeSocket()]
  let attempts = 0
  const link = createLink({
    open: async (watch) => {
      const socket = sockets[attempts++] as RedisSocket
      if (attempts > 1) return socket
      await isMade
      watch.onLost(new Error("reset"))
      return socket
    },
    onError: () => {},
  })
  const first = link.connected()
  make()
  await expect(first).rejects.toThrow("reset")
  await vi.advanceTimersByTimeAsync(25)
  expect(link.socket()).toBe(sockets[1])
})

test("a renewal leaves the connection, unless it is another by now", async () => {
  const [first, second] = [createFakeSocket(), createFakeSocket()]
  const { link } = linkOf(first, second)
  link.renew(await link.connected())
  expect(first.isDestroyed()).toBe(true)
  await vi.advanceTimersByTimeAsync(25)
  link.renew(first)
  expect(link.socket()).toBe(second)
  expect(second.isDestroyed()).toBe(false)
})

test("when it is closed, nothing is made any more, and nothing is told", async () => {
  const socket = createFakeSocket()
  const { link, watches, errors } = linkOf(socket)
  await link.connected()
  watches[0]?.onLost(new Error("reset"))
  await link.close()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(watches).toHaveLength(1)
  expect(errors).toEqual(["reset"])
  expect(watches[0]?.signal.aborted).toBe(true)
  expect(() => link.socket()).toThrow("closed")
  await expect(link.connected()).rejects.toThrow("closed")
})

test("what is made only after the end is destroyed", async () => {
  const { promise, resolve } = Promise.withResolvers<RedisSocket>()
  const socket = createFakeSocket()
  const link = createLink({ open: () => promise, onError: () => {} })
  const connecting = link.connected()
  await link.close()
  resolve(socket)
  await expect(connecting).rejects.toThrow("closed")
  expect(socket.isDestroyed()).toBe(true)
})

test("a connection that nobody uses is asked for a sign of life every second, unless it is held up on purpose", async () => {
  const socket = createFakeSocket()
  const { link } = linkOf(socket)
  let isIdle = true
  const stop = keepAlive(link, () => isIdle)
  await vi.advanceTimersByTimeAsync(1_000)
  await link.connected()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(socket.sent).toEqual([["PING"], ["PING"]])
  isIdle = false
  await vi.advanceTimersByTimeAsync(2_000)
  expect(socket.sent).toHaveLength(2)
  isIdle = true
  stop()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(socket.sent).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})
