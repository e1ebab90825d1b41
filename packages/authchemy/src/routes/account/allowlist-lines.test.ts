import fc from "fast-check"
import { expect, test } from "vitest"
import { allowlistText } from "../../pages/account/allowlist-form.ts"
import { parseAllowlist } from "./allowlist-lines.ts"

const ips = (text: string) => parseAllowlist("ipAllowlist", text)

test("an entry a line, its name after a #; empty lines do not count", () => {
  expect(ips("\n203.0.113.1\n\n  2001:db8::/32   #  the office # upstairs \n10.0.0.1 #\n")).toEqual({
    entries: [
      { value: "203.0.113.1" },
      { value: "2001:db8::/32", name: "the office # upstairs" },
      { value: "10.0.0.1" },
    ],
  })
  expect(ips(" \n ")).toEqual({ entries: [] })
})

test("a # without a blank before it is part of the entry", () => {
  expect(parseAllowlist("addressAllowlist", "a#b")).toEqual({ entries: [{ value: "a#b" }] })
})

test.each([
  [
    "10.0.0.1\n\nnope",
    /^Line 3: must be an IPv4 or IPv6 address, or a CIDR range, for example 203\.0\.113\.0\/24\.$/,
  ],
  ["10.0.0.1 office", /^Line 1: after the entry, only a # and its name may follow\.$/],
  ["10.0.0.1\n# office", /^Line 2: after the entry/],
  ["\n10.0.0.1\n10.0.0.2\n10.0.0.1/32", /^Line 4: is in the list already, on line 2\.$/],
  [`10.0.0.1 # ${"n".repeat(65)}`, /^Line 1: the name must be at most 64 characters\.$/],
  [`\n${"1".repeat(257)}`, /^Line 2: the entry must be at most 256 characters\.$/],
  [
    Array.from({ length: 101 }, (_, i) => `10.0.0.${i}`).join("\n"),
    /^The list must have at most 100 entries\.$/,
  ],
])("%j is refused, and the line is named", (text, message) => {
  expect(ips(text)).toEqual({ message: expect.stringMatching(message) })
})

test("what a list shows is what it takes: reading gives the same entries", () => {
  const word = fc.stringMatching(/^[!-~]{1,20}$/).filter((text) => !/^(#|0x)/i.test(text))
  const name = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/).map((text) => text.replace(/\s+/g, " "))
  const entry = fc.record({ value: word, name }, { requiredKeys: ["value"] })
  const lists = fc.uniqueArray(entry, { selector: ({ value }) => value, maxLength: 20 })
  fc.assert(
    fc.property(lists, (entries) => {
      expect(parseAllowlist("addressAllowlist", allowlistText(entries))).toEqual({ entries })
    }),
  )
})

test("whatever is typed is read or refused in a sentence", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const read = parseAllowlist("originAllowlist", text)
      if ("message" in read) expect(read.message).toMatch(/\.$/)
    }),
  )
})
