import { expect, test } from "vitest"
import { isExempt } from "./no-proxy.ts"

const exempt = (url: string, noProxy: string) => isExempt(new URL(url), noProxy)

test.each([
  "http://localhost:8080",
  "https://LOCALHOST",
  "http://app.localhost",
  "http://127.0.0.1:3000",
  "http://127.8.9.10",
  "http://[::1]:3000",
  "https://localhost./",
])("%s is this machine: never through a proxy", (url) => {
  expect(exempt(url, "")).toBe(true)
})

test.each([
  "https://localhost.example.com",
  "https://127.0.0.1.example.com",
  "http://[::2]",
  "http://128.0.0.1",
])("%s is not", (url) => {
  expect(exempt(url, "")).toBe(false)
})

test.each<[string, string, boolean]>([
  ["example.com", "https://example.com", true],
  ["example.com", "https://api.example.com", true],
  ["example.com", "https://notexample.com", false],
  ["example.com", "https://example.com.evil.test", false],
  [".example.com", "https://api.example.com", true],
  [".example.com", "https://example.com", true],
  ["*.example.com", "https://api.example.com", true],
  ["*.example.com", "https://example.com", false],
  ["EXAMPLE.com.", "https://Example.COM./", true],
  ["other.test, example.com", "https://example.com", true],
  ["other.test example.com", "https://example.com", true],
  [",, ,", "https://example.com", false],
  [".", "https://example.com", false],
  ["*", "https://example.com", true],
  ["other.test,*", "https://example.com", true],
  ["example.com:443", "https://example.com", true],
  ["example.com:8443", "https://example.com", false],
  ["example.com:8443", "https://api.example.com:8443", true],
  ["*:80", "https://example.com", false],
  ["10.0.0.1", "https://10.0.0.1", true],
  ["0.0.1", "https://10.0.0.1", false],
  ["10.0.0.1:443", "https://10.0.0.1:8443", false],
  ["10.0.0.0/8", "https://10.20.30.40", true],
  ["10.0.0.0/8", "https://11.0.0.1", false],
  ["10.0.0.0/33", "https://10.0.0.1", false],
  ["10.0.0.0/", "https://10.0.0.1", false],
  ["10.0.0.0/8", "https://ten.example.com", false],
  ["fd00::/8", "https://[fd12:3456::1]", true],
  ["fd00::/8", "https://[fe80::1]", false],
  ["fd12::1", "https://[fd12::1]", true],
  ["[fd12::1]", "https://[fd12::1]:8443", true],
  ["[fd12::1]:443", "https://[fd12::1]:8443", false],
])("NO_PROXY=%s and %s: %s", (noProxy, url, expected) => {
  expect(exempt(url, noProxy)).toBe(expected)
})
