import { expect, test } from "vitest"
import { defaultMailFrom, parseMailFrom } from "./mail-from.ts"

test.each([
  ["sign-in@example.com", { name: null, address: "sign-in@example.com" }],
  ["<sign-in@example.com>", { name: null, address: "sign-in@example.com" }],
  ["Example <sign-in@example.com>", { name: "Example", address: "sign-in@example.com" }],
  ['"Example, Inc." <a+b@example.com>', { name: "Example, Inc.", address: "a+b@example.com" }],
  ["Bücher <post@bücher.example>", { name: "Bücher", address: "post@xn--bcher-kva.example" }],
  ["root@localhost", { name: null, address: "root@localhost" }],
])("%j is read", (text, from) => {
  expect(parseMailFrom(text)).toEqual(from)
  expect(Object.isFrozen(parseMailFrom(text))).toBe(true)
})

test.each([
  "",
  "Example",
  "Example sign-in@example.com",
  "Example <sign-in@example.com> more",
  "Example <a@example.com> <b@example.com>",
  "a@example.com, b@example.com",
  "a@b@example.com",
  "@example.com",
  "a@",
  "a b@example.com",
  ".a@example.com",
  "a@example..com",
  "a@-example.com",
  "a@192.0.2.1",
  "a@example.com/x",
  "a@exa%6dple.com",
  '"a"@example.com',
  "Example\r\nBcc: eve@evil.example <a@example.com>",
  "Exam\u0000ple <a@example.com>",
  "Exam\u2028ple <a@example.com>",
  "Exam\u202eple <a@example.com>",
  "a@example.com\r\nBcc: eve@evil.example",
  "<a@example.com\r\n>",
  'Exam"ple <a@example.com>',
  '"Exam\\" <a@example.com>',
  `${"x".repeat(101)} <a@example.com>`,
  `${"x".repeat(65)}@example.com`,
])("%j is refused, with what is accepted", (text) => {
  expect(() => parseMailFrom(text)).toThrow(/^must be an address, or a name and an address, for example /)
})

test.each([
  ["https://auth.example.com", "no-reply@auth.example.com"],
  ["http://localhost:4000", "no-reply@localhost"],
  ["https://192.0.2.1", "no-reply@localhost"],
  ["http://[::1]:4000", "no-reply@localhost"],
])("mail of %s comes from %s where nothing else is said", (issuer, address) => {
  expect(defaultMailFrom(issuer)).toEqual({ name: null, address })
})
