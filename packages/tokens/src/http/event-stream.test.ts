import fc from "fast-check"
import { expect, test } from "vitest"
import { createEventReader } from "./event-stream.ts"

const STREAM = [
  ":\n\n",
  'event: items\ndata: ["ä€😀"]\n\n',
  ": a comment\nid: 7\nevent: appended\ndata: []\n\n",
  "id: 8\nevent: nothing to tell\n\n",
  "data:close\n\n",
].join("")

const EVENTS = [
  { id: "", event: "items", data: '["ä€😀"]' },
  { id: "7", event: "appended", data: "[]" },
  { id: "", event: "message", data: "close" },
]

function eventsOf(pieces: readonly Uint8Array[], mostBytes = 1_000) {
  const events: unknown[] = []
  const read = createEventReader((event) => events.push(event), mostBytes)
  for (const piece of pieces) read(piece)
  return events
}

test("the same events, wherever the stream is cut", () => {
  const bytes = new TextEncoder().encode(STREAM)
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const at = [0, ...cuts.sort((one, other) => one - other), bytes.length]
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
      expect(eventsOf(pieces)).toEqual(EVENTS)
    }),
  )
})

test("an event that is under way is not told", () => {
  expect(eventsOf([new TextEncoder().encode("event: items\ndata: []\n")])).toEqual([])
})

test("an event that has no end is an error, in one line or in many", () => {
  const encoder = new TextEncoder()
  const line = Array.from({ length: 11 }, () => encoder.encode("x".repeat(100)))
  expect(() => eventsOf(line)).toThrow(/too long/)
  const lines = Array.from({ length: 11 }, () => encoder.encode(`data: ${"x".repeat(93)}\n`))
  expect(() => eventsOf(lines)).toThrow(/too long/)
  expect(
    eventsOf(Array.from({ length: 100 }, () => encoder.encode(`data: ${"x".repeat(93)}\n\n`))),
  ).toHaveLength(100)
})
