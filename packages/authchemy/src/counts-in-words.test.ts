import { expect, test } from "vitest"
import { counted } from "./counts-in-words.ts"

test.each([
  [0, "0 keys", "0 keys that work"],
  [1, "1 key", "1 key that works"],
  [2, "2 keys", "2 keys that work"],
  [1000, "1000 keys", "1000 keys that work"],
])("%i: %s", (count, words, ownPlural) => {
  expect(counted(count, "key")).toBe(words)
  expect(counted(count, "key that works", "keys that work")).toBe(ownPlural)
})
