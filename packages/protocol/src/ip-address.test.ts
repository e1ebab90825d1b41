import { expect, test } from "vitest"
import { addressBits, canonicalAddress } from "./ip-address.ts"

test.each([
  ["192.0.2.1", 32, "192.0.2.1"],
  ["::", 128, "0:0:0:0:0:0:0:0"],
  ["::1", 128, "0:0:0:0:0:0:0:1"],
  ["2001:0DB8::0001", 128, "2001:db8:0:0:0:0:0:1"],
  ["1:2:3:4:5:6:7::", 128, "1:2:3:4:5:6:7:0"],
  ["::ffff:192.0.2.1", 128, "0:0:0:0:0:ffff:c000:201"],
  ["1:2:3:4:5:6:7.8.9.10", 128, "1:2:3:4:5:6:708:90a"],
])("%s has %i bits and is %s", (text, bits, canonical) => {
  expect({ bits: addressBits(text), canonical: canonicalAddress(text) }).toEqual({ bits, canonical })
})

test.each([
  "",
  "1.2.3",
  "01.2.3.4",
  "1.2.3.256",
  "1.2.3.4.5",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "1.2.3.4::",
  "::1.2.3.4:1",
  "12345::",
  "g::",
  "fe80::1%eth0",
  " ::1",
  "::1\n",
])("%j is no address", (text) => {
  expect({ bits: addressBits(text), canonical: canonicalAddress(text) }).toEqual({
    bits: null,
    canonical: null,
  })
})
