import { expect, test } from "vitest"
import { type AllowlistField, sameAllowlistValue } from "./allowlist-value.ts"

const ADDRESS = `0x${"aB".repeat(20)}`

test.each<[AllowlistField, string, string]>([
  ["addressAllowlist", ADDRESS, ADDRESS.toLowerCase()],
  ["originAllowlist", "HTTPS://Example.com", "https://example.com"],
  ["ipAllowlist", "10.0.0.1", "10.0.0.1/32"],
  ["ipAllowlist", "::1", "0:0:0:0:0:0:0:1"],
  ["ipAllowlist", "2001:DB8::/32", "2001:db8:0::0/32"],
])("%s: %s is %s in another writing", (field, one, other) => {
  expect(sameAllowlistValue(field, one)).not.toBeNull()
  expect(sameAllowlistValue(field, one)).toBe(sameAllowlistValue(field, other))
})

test.each<[AllowlistField, string, string]>([
  ["addressAllowlist", "So1ana", "so1ana"],
  ["originAllowlist", "example.com", "https://example.com"],
  ["ipAllowlist", "10.0.0.0/8", "10.0.0.0/9"],
  ["ipAllowlist", "::/0", "0.0.0.0/0"],
])("%s: %s and %s are two", (field, one, other) => {
  expect(sameAllowlistValue(field, one)).not.toBe(sameAllowlistValue(field, other))
})

test.each<[AllowlistField, string]>([
  ["addressAllowlist", "0xAB"],
  ["originAllowlist", "https://example.com/"],
  ["ipAllowlist", "localhost"],
])("%s does not take %s", (field, value) => {
  expect(sameAllowlistValue(field, value)).toBeNull()
})
