import { expect, test } from "vitest"
import {
  followerIdOf,
  formatRevocationNews,
  isFollowerOf,
  parseRevocationNews,
  parseRevocationRenewal,
  type RevocationNews,
} from "./revocation-feed.ts"

/** An event as a reader of streams gives it. */
function eventIn(text: string) {
  const fields = Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(/: (.*)/s).slice(0, 2)),
  )
  return { id: "", event: "message", data: "", ...fields }
}

test.each<RevocationNews>([
  { kind: "items", items: ["AbCd.digest", 'account:a"b\\c'] },
  { kind: "items", items: [] },
  { kind: "appended", entry: { number: 1_790_000_000, items: ["AbCd.digest"] } },
  { kind: "appended", entry: { number: 0, items: ["account:line\nfeed"] } },
  { kind: "appended", entry: null },
])("news come out as they went in: %j", (news) => {
  expect(parseRevocationNews(eventIn(formatRevocationNews(news)))).toEqual(news)
})

test.each([
  { id: "", event: "message", data: "[]" },
  { id: "", event: "items", data: "null" },
  { id: "", event: "items", data: '{"items":[]}' },
  { id: "", event: "items", data: "[1]" },
  { id: "", event: "appended", data: "[]" },
  { id: "-1", event: "appended", data: "[]" },
  { id: "1", event: "appended", data: "[" },
])("what is no news is none: %j", (event) => {
  expect(parseRevocationNews(event)).toBeNull()
})

test("a renewal", () => {
  const renewal = { epoch: "e", last: 2, entries: [{ number: 2, items: ["AbCd.digest"] }], lease_ms: 0 }
  expect(parseRevocationRenewal(renewal)).toEqual(renewal)
  expect(parseRevocationRenewal({ epoch: "", last: 0, entries: null })).toEqual({
    epoch: "",
    last: 0,
    entries: null,
  })
  const wrong = [
    null,
    {},
    { ...renewal, last: -1 },
    { ...renewal, last: 1.5 },
    { ...renewal, last: "2" },
    { ...renewal, epoch: 1 },
    { ...renewal, entries: [{ number: 2 }] },
    { ...renewal, entries: [{ number: 2, items: [null] }] },
    { ...renewal, lease_ms: -1 },
    { ...renewal, lease_ms: null },
  ]
  for (const body of wrong) expect(parseRevocationRenewal(body)).toBeNull()
})

test("a follower's id belongs to its client", () => {
  const id = followerIdOf("notes-api", new Uint8Array(16).fill(255))
  expect(id).toBe("notes-api:_____________________w")
  expect(isFollowerOf("notes-api", id)).toBe(true)
  for (const other of ["notes", "api", "notes-api:", ""]) expect(isFollowerOf(other, id)).toBe(false)
  for (const wrong of ["notes-api:short", `${id}x`, `${id} `, `${id}\n`, ` ${id}`, "notes-api:a b"]) {
    expect(isFollowerOf("notes-api", wrong)).toBe(false)
  }
})
