import { FOLLOWERS_PER_CLIENT, type RevocationNews } from "@authchemy/protocol"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createRevocationStreams } from "./revocation-streams.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function openStreams() {
  const listeners = new Set<(news: RevocationNews) => void>()
  const forgetting = new Set<(item: string | null) => void>()
  const streams = createRevocationStreams({
    relay: {
      listen: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    onForgotten: (listener) => {
      forgetting.add(listener)
      return () => forgetting.delete(listener)
    },
  })
  const tell = (news: RevocationNews) => {
    for (const listener of listeners) listener(news)
  }
  const forget = (item: string | null) => {
    for (const listener of forgetting) listener(item)
  }
  return { streams, tell, forget, listening: () => listeners.size + forgetting.size }
}

/** Reads a stream to its end; `pieces` grows meanwhile. */
function read(stream: ReadableStream<Uint8Array>) {
  const pieces: string[] = []
  const state = { pieces, isOver: false }
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  const reading = async () => {
    for (;;) {
      const piece = await reader.read()
      if (piece.done) break
      pieces.push(piece.value)
    }
    state.isOver = true
  }
  void reading()
  return Object.assign(state, { cancel: () => reader.cancel() })
}

const HEARTBEAT = ":\n\n"
const serving = () => true

test("each stream is told the same, and beats ten times a second", async () => {
  const { streams, tell } = openStreams()
  const [one, other] = [read(streams.open("a", serving)), read(streams.open("b", serving))]
  await vi.advanceTimersByTimeAsync(1_000)
  tell({ kind: "items", items: ["tag.digest", "account:x"] })
  tell({ kind: "appended", entry: { number: 7, items: ["tag.digest"] } })
  tell({ kind: "appended", entry: null })
  await vi.advanceTimersByTimeAsync(0)
  const told = [
    ...Array.from({ length: 11 }, () => HEARTBEAT),
    'event: items\ndata: ["tag.digest","account:x"]\n\n',
    'id: 7\nevent: appended\ndata: ["tag.digest"]\n\n',
    "event: appended\ndata: null\n\n",
  ].join("")
  for (const { pieces } of [one, other]) expect(pieces.join("")).toBe(told)
})

test("of an event that would be too long, only that there is something", async () => {
  const { streams, tell } = openStreams()
  const { pieces } = read(streams.open("a", serving))
  tell({ kind: "appended", entry: { number: 1, items: Array.from({ length: 2_000 }, () => "x".repeat(50)) } })
  await vi.advanceTimersByTimeAsync(0)
  expect(pieces.join("")).toBe(`${HEARTBEAT}event: appended\ndata: null\n\n`)
})

test("where the store pushes nothing, what is forgotten here wakes them, once for all of one turn", async () => {
  const { streams, tell, forget } = openStreams()
  const { pieces } = read(streams.open("a", serving))
  for (const item of ["tag.one", "tag.two", "account:x"]) forget(item)
  forget(null)
  await vi.advanceTimersByTimeAsync(0)
  expect(pieces.join("")).toBe(`${HEARTBEAT}event: appended\ndata: null\n\n`)
  tell({ kind: "items", items: ["tag.three"] })
  forget("tag.three")
  await vi.advanceTimersByTimeAsync(0)
  expect(pieces.join("").match(/null/g)).toHaveLength(1)
})

test("it ends at the next heartbeat when the server no longer serves", async () => {
  const { streams, listening } = openStreams()
  let isServing = true
  const stream = read(streams.open("a", () => isServing))
  await vi.advanceTimersByTimeAsync(250)
  expect(stream.isOver).toBe(false)
  isServing = false
  await vi.advanceTimersByTimeAsync(100)
  expect(stream.isOver).toBe(true)
  expect(listening()).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test("a client that goes leaves nothing behind", async () => {
  const { streams, tell, listening } = openStreams()
  const [one, other] = [read(streams.open("a", serving)), read(streams.open("a", serving))]
  await one.cancel()
  tell({ kind: "appended", entry: null })
  await vi.advanceTimersByTimeAsync(100)
  expect(other.pieces.join("")).toContain("null")
  expect(listening()).toBe(2)
  await other.cancel()
  expect(listening()).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test("a client that does not read is dropped after five seconds, or when it has too much to read", async () => {
  const { streams, tell, listening } = openStreams()
  streams.open("slow", serving)
  await vi.advanceTimersByTimeAsync(4_900)
  expect(listening()).toBe(2)
  await vi.advanceTimersByTimeAsync(200)
  expect(listening()).toBe(0)
  const flooded = streams.open("slow", serving)
  const items = Array.from({ length: 500 }, () => "x".repeat(100))
  for (let count = 0; count < 3; count++) tell({ kind: "items", items })
  expect(listening()).toBe(0)
  const late = read(flooded)
  await vi.advanceTimersByTimeAsync(0)
  expect(late.pieces.join("").length).toBeLessThan(128 * 1024)
})

test("a client has a bounded number of streams", () => {
  const { streams } = openStreams()
  for (let count = 0; count < FOLLOWERS_PER_CLIENT; count++) streams.open("a", serving)
  expect(() => streams.open("a", serving)).toThrow(expect.objectContaining({ status: 429 }))
  streams.open("b", serving)
})
