import { expect, test } from "vitest"
import { placeOf } from "./place.ts"

test.each([
  [null, "not known"],
  ["unknown", "not known"],
  ["127.0.0.1", "127.0.0.1 (this server's own machine)"],
  ["::1", "::1 (this server's own machine)"],
  ["10.0.0.4", "10.0.0.4 (private network)"],
  ["fd00::4", "fd00::4 (private network)"],
  ["203.0.113.9", "203.0.113.9"],
  ["2001:db8::9", "2001:db8::9"],
])("%s is %s", (address, place) => {
  expect(placeOf(address)).toBe(place)
})
