import { expect, test } from "vitest"
import { toBase32, totpUri } from "./totp-uri.ts"

test.each([
  ["", ""],
  ["f", "MY"],
  ["fo", "MZXQ"],
  ["foo", "MZXW6"],
  ["foob", "MZXW6YQ"],
  ["fooba", "MZXW6YTB"],
  ["foobar", "MZXW6YTBOI"],
])("base32 of %j, as in RFC 4648 §10", (text, encoded) => {
  expect(toBase32(Buffer.from(text))).toBe(encoded)
})

test("an address for authenticators, with every text in its place", () => {
  const uri = totpUri({ issuer: "Acme: R&D", email: "ada+x@example.com", secret: "MZXW6YTBOI" })
  expect(uri).toMatch(/^otpauth:\/\/totp\/Acme%20R%26D:ada%2Bx%40example\.com\?/)
  expect(Object.fromEntries(new URL(uri).searchParams)).toEqual({
    secret: "MZXW6YTBOI",
    issuer: "Acme R&D",
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  })
})
