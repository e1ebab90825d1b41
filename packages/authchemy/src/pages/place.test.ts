import { expect, test } from "vitest"
import { networkKindOf } from "./network-kind.ts"
import { networkInWords, placeOf } from "./place.ts"

test.each([
  [null, "not known", "an unknown place"],
  ["unknown", "not known", "an unknown place"],
  ["127.0.0.1", "127.0.0.1 (the server's own machine)", "the server's own machine"],
  ["::1", "::1 (the server's own machine)", "the server's own machine"],
  ["10.0.0.4", "10.0.0.4 (a private network)", "a private network"],
  ["fd00::4", "fd00::4 (a private network)", "a private network"],
  ["203.0.113.9", "203.0.113.9", "the internet"],
  ["2001:db8::9", "2001:db8::9", "the internet"],
])("%s is %s", (address, place, network) => {
  expect(placeOf(address)).toBe(place)
  expect(networkInWords(networkKindOf(address ?? ""))).toBe(network)
})
