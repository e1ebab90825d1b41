import fc from "fast-check"
import { expect, test } from "vitest"
import { changedList, type EntryKind, type ListChange, listChangeFrom } from "./list-change.ts"

/** Texts, of which those are the same that differ in case only; the later spelling wins. */
const KIND: EntryKind<string> = {
  parse: (text) => text,
  show: (entry) => entry,
  key: (entry) => entry.toLowerCase(),
  merge: (_there, added) => added,
}

test.each([
  [{}, null],
  [{ set: "a, b,a" }, { set: ["a", "b"] }],
  [{ add: "a" }, { add: ["a"], remove: [] }],
  [
    { add: "a", remove: "b,c" },
    { add: ["a"], remove: ["b", "c"] },
  ],
  [{ clear: true }, { set: [] }],
])("%j asks for %j", (raw, change) => {
  expect(listChangeFrom(raw, KIND)).toEqual(change)
})

test.each([
  [{ set: "a", add: "b" }, "--set"],
  [{ set: "a", remove: "b" }, "--set"],
  [{ set: "a", clear: true }, "--clear"],
  [{ clear: true, add: "b" }, "--clear"],
  [{ set: "," }, "--set"],
  [{ add: " " }, "--add"],
  [{ add: "A", remove: "b,a" }, "A is in --add and in --remove"],
])("%j is refused by name", (raw, named) => {
  expect(() => listChangeFrom(raw, KIND)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGS", message: expect.stringContaining(named) }),
  )
})

test.each([
  [
    ["a", "b"],
    { set: ["b", "c"] },
    { after: ["b", "c"], changed: true, added: ["c"], removed: ["a"], absent: [] },
  ],
  [["a", "b"], { set: [] }, { after: [], changed: true, added: [], removed: ["a", "b"], absent: [] }],
  [["a"], { set: ["a"] }, { after: ["a"], changed: false, added: [], removed: [], absent: [] }],
  [["a", "b"], { set: ["b", "a"] }, { after: ["b", "a"], changed: true, added: [], removed: [], absent: [] }],
  [
    ["a", "b", "c"],
    { add: ["d", "A"], remove: ["B", "x"] },
    { after: ["A", "c", "d"], changed: true, added: ["d"], removed: ["b"], absent: ["x"] },
  ],
  [
    ["a"],
    { add: ["b", "B"], remove: [] },
    { after: ["a", "B"], changed: true, added: ["B"], removed: [], absent: [] },
  ],
  [
    ["a"],
    { add: ["a"], remove: ["b"] },
    { after: ["a"], changed: false, added: [], removed: [], absent: ["b"] },
  ],
] as [string[], ListChange<string>, unknown][])("%j with %j", (before, change, outcome) => {
  expect(changedList(before, change, KIND)).toEqual(outcome)
})

test("what was there, with what came and without what went, is what is there", () => {
  const entries = fc.uniqueArray(fc.constantFrom("a", "A", "b", "B", "c", "D", "e"), {
    selector: (entry) => entry.toLowerCase(),
  })
  const change = fc.oneof(
    fc.record({ set: entries }),
    fc.record({ add: entries, remove: entries }).filter(({ add, remove }) => {
      const going = remove.map(KIND.key)
      return !add.some((entry) => going.includes(KIND.key(entry)))
    }),
  )
  const keys = (list: readonly string[]) => list.map(KIND.key).toSorted()
  fc.assert(
    fc.property(entries, change, (before, asked) => {
      const { after, added, removed } = changedList(before, asked, KIND)
      const left = keys(before).filter((key) => !keys(removed).includes(key))
      expect(keys(after)).toEqual([...left, ...keys(added)].toSorted())
      expect(keys(before)).toEqual(expect.arrayContaining(keys(removed)))
      expect(keys(added).filter((key) => keys(before).includes(key))).toEqual([])
      expect(changedList(after, asked, KIND).changed).toBe(false)
    }),
  )
})
