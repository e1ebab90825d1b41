import { isIP, SocketAddress } from "node:net"
import { type AllowlistField, sameAllowlistValue } from "@authchemy/protocol"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { requireAllowlistValues } from "./allowlist-entries.ts"

const list = (field: AllowlistField, ...values: string[]) =>
  requireAllowlistValues(
    field,
    values.map((value) => ({ value })),
  )
const hex = (digits: number) => "aB".repeat(digits / 2)

const GOOD: Record<AllowlistField, readonly string[]> = {
  addressAllowlist: [
    `0x${hex(40)}`,
    `0x${hex(64)}`,
    "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "x".repeat(256),
  ],
  originAllowlist: [
    "example.com",
    "*.example.com",
    "localhost",
    "my_app.example.com",
    "xn--bcher-kva.example",
    "https://example.com",
    "https://*.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:65535",
    "http://[::1]:8080",
    "192.0.2.1",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    `${"a".repeat(63)}.example`,
  ],
  ipAllowlist: [
    "203.0.113.7",
    "203.0.113.0/24",
    "0.0.0.0/0",
    "192.0.2.1/32",
    "2001:db8::1",
    "2001:db8::/32",
    "::/0",
    "::1/128",
  ],
}

const BAD: Record<AllowlistField, readonly string[]> = {
  addressAllowlist: [
    "0x",
    `0x${hex(38)}`,
    `0x${hex(42)}`,
    `0x${"g".repeat(40)}`,
    `0X${hex(40)}z`,
    "two words",
    " leading",
    "tab\tbed",
    "line\n",
    "nul\0",
    "Ümlaut",
    "\u202eabc",
  ],
  originAllowlist: [
    "*",
    "https://*",
    "a.*.example.com",
    "ex*mple.com",
    "**.example.com",
    "https://example.com/",
    "https://example.com/path",
    "https://example.com?x",
    "https://example.com#x",
    "https://user@example.com",
    "example.com:443",
    "//example.com",
    "https:example.com",
    "1https://example.com",
    "https://",
    "https://:80",
    "https://example.com:",
    "https://example.com:0",
    "https://example.com:080",
    "https://example.com:65536",
    "example..com",
    ".example.com",
    "example.com.",
    "-a.example.com",
    "a-.example.com",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(126)}abc`,
    "bücher.example",
    "example.com ",
    "exam ple.com",
    "1.2.3",
    "256.1.1.1",
    "*.2.3.4",
    "::1",
    "[::1",
    "http://[::g]",
    "http://[fe80::1%eth0]",
    "line.example\n",
  ],
  ipAllowlist: [
    "localhost",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/",
    "1.2.3.4/08",
    "1.2.3.4/-1",
    "1.2.3.4/8/8",
    "1.2.3.4/255.0.0.0",
    "1.2.3.0-1.2.3.9",
    "1.2.3.4:80",
    "::1/129",
    "[::1]",
    "fe80::1%eth0",
    "fe80::%eth0/64",
    " 1.2.3.4",
    "1.2.3.4\n",
    "/8",
  ],
}

const fieldsOf = (values: Record<AllowlistField, readonly string[]>) =>
  (Object.keys(values) as AllowlistField[]).flatMap((field) =>
    values[field].map((value): [AllowlistField, string] => [field, value]),
  )

test.each(fieldsOf(GOOD))("%s takes %j", (field, value) => {
  expect(() => list(field, value)).not.toThrow()
})

test.each(fieldsOf(GOOD))("%s takes %j once", (field, value) => {
  expect(() => list(field, value, value)).toThrow(`${field}.1.value: must be in the list once; ${field}.0 is`)
})

test.each(fieldsOf(BAD))("%s refuses %j, naming the entry", (field, value) => {
  const good = GOOD[field][0] as string
  expect(() => list(field, good, value)).toThrow(`${field}.1.value: must be `)
  expect(() => list(field, good, value)).toThrow(expect.objectContaining({ status: 400 }))
})

describe("two ways to write one value are one value", () => {
  test.each<[AllowlistField, string, string]>([
    ["addressAllowlist", `0x${hex(40)}`, `0x${hex(40).toLowerCase()}`],
    ["originAllowlist", "https://Example.com", "HTTPS://example.COM"],
    ["ipAllowlist", "192.0.2.1", "192.0.2.1/32"],
    ["ipAllowlist", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1/128"],
  ])("%s: %s and %s", (field, one, other) => {
    expect(() => list(field, one, other)).toThrow(/must be in the list once/)
  })

  test.each<[AllowlistField, string, string]>([
    ["addressAllowlist", "AbcSolana", "abcSolana"],
    ["originAllowlist", "https://example.com", "http://example.com"],
    ["originAllowlist", "example.com", "https://example.com"],
    ["ipAllowlist", "192.0.2.0/24", "192.0.2.0/25"],
    ["ipAllowlist", "192.0.2.1", "::ffff:192.0.2.1"],
  ])("%s: %s and %s are two", (field, one, other) => {
    expect(() => list(field, one, other)).not.toThrow()
  })
})

test("an empty list is one", () => {
  for (const field of Object.keys(GOOD) as AllowlistField[]) expect(() => list(field)).not.toThrow()
})

// The protocol does no I/O and reads addresses itself: here the system's own reading stands beside it.
describe("an IP address is read as the system reads it", () => {
  const group = fc.stringMatching(/^[\da-fA-F]{1,4}$/)
  const ipv4 = fc.oneof(fc.ipV4(), fc.stringMatching(/^(\d{1,3}\.){3}\d{1,3}$/))
  const nearly = fc
    .array(fc.oneof({ weight: 6, arbitrary: group }, fc.constant(""), fc.constant("0"), ipv4), {
      minLength: 1,
      maxLength: 9,
    })
    .map((parts) => parts.join(":"))
  const texts = fc.oneof(fc.ipV6(), ipv4, nearly, fc.stringMatching(/^[\da-f:.%]{0,20}$/))

  test("what is one, and what is none", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const none = isIP(text) === 0 || text.includes("%")
        expect(sameAllowlistValue("ipAllowlist", text) === null).toBe(none)
      }),
      { numRuns: 2000 },
    )
  })

  test("two ways to write one address", () => {
    const written = (text: string) => {
      const version = isIP(text) === 6 ? "ipv6" : "ipv4"
      return new SocketAddress({ address: text, family: version }).address
    }
    fc.assert(
      fc.property(
        texts.filter((text) => isIP(text) !== 0 && !text.includes("%")),
        (text) => {
          const same = sameAllowlistValue("ipAllowlist", text)
          expect(same).not.toBeNull()
          expect(sameAllowlistValue("ipAllowlist", written(text))).toBe(same)
          expect(written(String(same).split("/")[0] ?? "")).toBe(written(text))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
