import { expect, test } from "vitest"
import { isTargetUri } from "./target-uri.ts"

const ISSUER = "https://auth.example.com"

test.each([
  ["https://auth.example.com/oauth/token"],
  ["HTTPS://Auth.Example.COM/oauth/token"],
  ["https://auth.example.com:443/oauth/token"],
  ["https://auth.example.com:/oauth/token"],
  ["https://auth.example.com/oauth/token?a=b#c"],
  ["https://auth.example.com/oauth/token#/../x"],
  ["https://auth.example.com/x/../oauth/./token"],
  ["https://auth.example.com/%6fauth/%74oken"],
  ["https://auth.example.com/x/%2e%2e/oauth/token"],
])("%s is the target", (htu) => {
  expect(isTargetUri(htu, ISSUER, "/oauth/token")).toBe(true)
  expect(isTargetUri(htu, ISSUER, "/oauth/token?code=1")).toBe(true)
})

test.each([
  ["http://auth.example.com/oauth/token"],
  ["https://auth.example.com:444/oauth/token"],
  ["https://auth.example.com:80/oauth/token"],
  ["https://auth.example.com.evil.example/oauth/token"],
  ["https://evil.example/oauth/token"],
  ["https://auth.example.com@evil.example/oauth/token"],
  ["https://ada@auth.example.com/oauth/token"],
  ["https://auth.example.com./oauth/token"],
  ["https://auth.example.com/oauth/token/"],
  ["https://auth.example.com/OAuth/token"],
  ["https://auth.example.com/oauth%2ftoken"],
  ["https://auth.example.com/oauth/revoke"],
  ["https://auth.example.com//oauth/token"],
  ["https://auth.example.com\\oauth\\token"],
  ["https://auth.example.com/oauth\\token"],
  ["https://auth.example.com/oauth/to\tken"],
  ["https://auth.example.com/oauth/token\n"],
  [" https://auth.example.com/oauth/token"],
  ["https:auth.example.com/oauth/token"],
  ["https:///auth.example.com/oauth/token"],
  ["//auth.example.com/oauth/token"],
  ["/oauth/token"],
  ["https://auth.example.com"],
  ["https://аuth.example.com/oauth/token"],
  ["https://auth.example.com/oauth/tоken"],
  ["https://auth.example.com/oauth/token%zz"],
  [""],
])("%j is not", (htu) => {
  expect(isTargetUri(htu, ISSUER, "/oauth/token")).toBe(false)
})

test("the other names of loopback on that port are the same server, its other spellings are not", () => {
  for (const issuer of ["http://localhost:4000", "http://127.0.0.1:4000", "http://[::1]:4000"]) {
    for (const origin of ["http://localhost:4000", "http://127.0.0.1:4000", "http://[::1]:4000"]) {
      expect(isTargetUri(`${origin}/api`, issuer, "/api")).toBe(true)
    }
    for (const other of [
      "http://localhost:4001",
      "http://localhost",
      "https://localhost:4000",
      "http://127.0.0.2:4000",
      "http://2130706433:4000",
      "http://0x7f.1:4000",
      "http://[::ffff:127.0.0.1]:4000",
      "http://localhost.evil.example:4000",
    ]) {
      expect(isTargetUri(`${other}/api`, issuer, "/api")).toBe(false)
    }
  }
  expect(isTargetUri("https://localhost/", ISSUER, "/")).toBe(false)
})

test("an empty path is the root, and an escape that is not of an unreserved character stays one", () => {
  expect(isTargetUri(ISSUER, ISSUER, "/")).toBe(true)
  expect(isTargetUri(`${ISSUER}/a%2fb`, ISSUER, "/a%2Fb")).toBe(true)
  expect(isTargetUri(`${ISSUER}/a/b`, ISSUER, "/a%2Fb")).toBe(false)
})
