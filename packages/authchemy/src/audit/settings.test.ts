import { expect, test } from "vitest"
import { parseAuditDays, parseWebhookSecret, parseWebhookUrl } from "./settings.ts"

test.each(["1", "365", "3650"])("%s days are taken", (text) => {
  expect(parseAuditDays(text)).toBe(Number(text))
})
test.each(["0", "3651", "-1", "1.5", "1e2", "ten", ""])("%j days are refused", (text) => {
  expect(() => parseAuditDays(text)).toThrow(/^must be a whole number of days from 1 to 3650, got /)
})

test.each([
  ["https://example.com/hook?key=1", "https://example.com/hook?key=1"],
  ["http://127.0.0.1:8080/hook", "http://127.0.0.1:8080/hook"],
  ["http://localhost:8080", "http://localhost:8080/"],
])("the address %s is taken", (text, url) => {
  expect(parseWebhookUrl(text)).toBe(url)
})
test.each([
  "http://example.com/hook",
  "ftp://example.com",
  "hook",
  "https://ann:not-the-password@example.com/",
  "https://example.com/#",
  "https://example.com/secret-path#x",
])("the address %s is refused, and not repeated", (text) => {
  expect(() => parseWebhookUrl(text)).toThrow(/^must be an https address/)
  expect(() => parseWebhookUrl(text)).not.toThrow(/secret-path|not-the-password/)
})

test("a secret is whsec_ and base64, with or without padding", () => {
  const bytes = Buffer.alloc(25, 7)
  const base64 = bytes.toString("base64")
  expect(parseWebhookSecret(`whsec_${base64}`)).toEqual(new Uint8Array(bytes))
  expect(parseWebhookSecret(`whsec_${base64.replace(/=+$/, "")}`)).toEqual(new Uint8Array(bytes))
})
test.each([
  `whsec_${Buffer.alloc(23).toString("base64")}`,
  `whsec_${Buffer.alloc(65).toString("base64")}`,
  Buffer.alloc(32).toString("base64"),
  `whsec_${"_".repeat(43)}`,
  "whsec_",
  `whsec_${"A".repeat(41)}`,
])("the secret %s is refused, and not repeated", (text) => {
  expect(() => parseWebhookSecret(text)).toThrow(/^must be whsec_ and 24 to 64 bytes in base64/)
  expect(() => parseWebhookSecret(text)).not.toThrow(text.replace("whsec_", "") || "!")
})
