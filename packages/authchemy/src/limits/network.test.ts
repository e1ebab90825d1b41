import { expect, test } from "vitest"
import { networkOf, siteOf } from "./network.ts"

test.each([
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::2", "2001:db8:0:0::/64"],
  ["2001:0DB8:0000:0000:0000:0000:0000:0009", "2001:db8:0:0::/64"],
  ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4::/64"],
  ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
  ["192.0.2.1", "192.0.2.1"],
  ["unknown", "unknown"],
])("%s counts as %s", (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test.each([
  ["2001:db8:1:ffff::1", "2001:db8:1::/48"],
  ["2001:0DB8:0001::", "2001:db8:1::/48"],
  ["2001:db8:2::1", "2001:db8:2::/48"],
  ["::1", "0:0:0::/48"],
  ["192.0.2.1", null],
  ["unknown", null],
])("%s is at the site %s", (address, site) => {
  expect(siteOf(address)).toBe(site)
})
