import { expect, test } from "vitest"
import { entityTagOf, ifMatch } from "./entity-tag.ts"

test("a tag is quoted, short, and of every text and its place", () => {
  const tag = entityTagOf(["a", null, "b"])
  expect(tag).toMatch(/^"[\w-]{22}"$/)
  expect(entityTagOf(["a", null, "b"])).toBe(tag)
  for (const other of [
    ["a", "b", null],
    ["a", null],
    ["a", "null", "b"],
    ["a", "", "b"],
  ]) {
    expect(entityTagOf(other)).not.toBe(tag)
  }
})

test.each([undefined, "*", " * "])("If-Match %j sets no condition", (header) => {
  expect(ifMatch(header)).toBeNull()
})

test.each([
  ['"a"', true],
  ['"b", "a"', true],
  ['"b","a"', true],
  ['W/"a"', false],
  ['W/"a", "a"', true],
  ['"b"', false],
  ['"a,b"', false],
  ["a", false],
  ["", false],
  ['"*"', false],
])('If-Match %s matches "a": %s', (header, matches) => {
  expect(ifMatch(header)?.('"a"')).toBe(matches)
})
