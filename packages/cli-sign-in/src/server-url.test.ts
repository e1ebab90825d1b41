import { expect, test } from "vitest"
import { isIssuer, ownAddress, parseServerUrl } from "./server-url.ts"

test.each([
  ["https://auth.example.com", "https://auth.example.com"],
  ["HTTPS://Auth.Example.com:443/", "https://auth.example.com"],
  ["https://example.com/auth//", "https://example.com/auth"],
  ["http://localhost:4000/", "http://localhost:4000"],
  ["http://127.0.0.1:4000", "http://127.0.0.1:4000"],
  ["http://[::1]:4000", "http://[::1]:4000"],
])("%s is %s", (text, url) => {
  expect(parseServerUrl(text)).toBe(url)
})

test.each([
  "",
  "auth.example.com",
  "http://auth.example.com",
  "http://localhost.evil.example",
  "http://127.0.0.1.evil.example",
  "http://0.0.0.0:4000",
  "ftp://localhost",
  "javascript:alert(1)",
  "https://user:secret@auth.example.com",
  "http://localhost@evil.example",
  "https://auth.example.com/?x=1",
  "https://auth.example.com/#x",
])("%j is refused, and no password is repeated", (text) => {
  try {
    parseServerUrl(text)
  } catch (error) {
    expect(error).toMatchObject({ code: "insecure_url" })
    expect(String(error)).not.toContain("secret")
    return
  }
  expect.unreachable()
})

test.each([
  ["https://auth.example.com", "https://auth.example.com", true],
  ["https://auth.example.com/", "https://auth.example.com", false],
  ["https://auth.example.com.evil.example", "https://auth.example.com", false],
  ["https://AUTH.example.com", "https://auth.example.com", false],
  ["http://localhost:4000", "http://127.0.0.1:4000", true],
  ["http://[::1]:4000", "http://localhost:4000", true],
  ["http://localhost:4001", "http://127.0.0.1:4000", false],
  ["https://localhost:4000", "http://127.0.0.1:4000", false],
  ["http://localhost:4000/x", "http://127.0.0.1:4000", false],
  ["http://u@localhost:4000", "http://127.0.0.1:4000", false],
  ["http://localhost:4000?x", "http://127.0.0.1:4000", false],
  ["http://evil.example:4000", "http://127.0.0.1:4000", false],
  ["", "http://127.0.0.1:4000", false],
])("the issuer %j for the server %j: %s", (iss, server, expected) => {
  expect(isIssuer(iss, server)).toBe(expected)
})

test.each([
  ["https://auth.example.com/device", "https://auth.example.com", "https://auth.example.com/device"],
  ["https://AUTH.example.com:443/device", "https://auth.example.com/x", "https://auth.example.com/device"],
  ["http://localhost:4000/device", "http://127.0.0.1:4000", "http://localhost:4000/device"],
  ["https://auth.example.com/\u001b[31m", "https://auth.example.com", "https://auth.example.com/%1B[31m"],
  ["http://auth.example.com/device", "https://auth.example.com", null],
  ["https://auth.example.com:8443/device", "https://auth.example.com", null],
  ["https://auth.example.com.evil.example/", "https://auth.example.com", null],
  ["https://auth.example.com@evil.example/", "https://auth.example.com", null],
  ["https://user@auth.example.com/", "https://auth.example.com", null],
  ["http://localhost:4001/device", "http://127.0.0.1:4000", null],
  ["http://localhost/device", "https://localhost", null],
  ["javascript:alert(1)", "https://auth.example.com", null],
  ["/device", "https://auth.example.com", null],
])("the address %j of the server %j is %j", (text, server, expected) => {
  expect(ownAddress(text, server)).toBe(expected)
})
