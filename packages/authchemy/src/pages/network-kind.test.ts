import { expect, test } from "vitest"
import { networkKindOf } from "./network-kind.ts"

test.each([
  ["127.0.0.1", "this_machine"],
  ["::1", "this_machine"],
  ["10.1.2.3", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.1", "internet"],
  ["192.168.1.9", "private"],
  ["100.100.0.1", "private"],
  ["fd12::1", "private"],
  ["fe80::1%eth0", "private"],
  ["203.0.113.9", "internet"],
  ["2001:db8::1", "internet"],
  ["unknown", "unknown"],
  ["", "unknown"],
])("%s is %s", (address, kind) => {
  expect(networkKindOf(address)).toBe(kind)
})
