import { expect, test } from "vitest"
import { parseServerUrl, sameServer } from "./server-urls.ts"

test.each([
  ["https://auth.example.com", "https://auth.example.com"],
  ["https://auth.example.com:8443/base//", "https://auth.example.com:8443/base"],
  ["http://localhost:4000/", "http://localhost:4000"],
])("%s is a server's address", (text, url) => {
  expect(parseServerUrl(text, "X")).toBe(url)
})

const refusalOf = (text: string) => {
  try {
    return parseServerUrl(text, "X")
  } catch (error) {
    return error as Error & { code: string; hint: string }
  }
}

test.each([
  ["https://reg.example/?_authToken=s3cret", "X must have no query and no fragment: https://reg.example/"],
  ["https://reg.example/#s3cret", "X must have no query and no fragment: https://reg.example/"],
  ["https://reg.example/?_authToken=s3cret@s3cret", "X must have no query and no fragment."],
  ["ftp://ada:s3cret@reg.example/?s3cret", "X is not an http(s) URL: reg.example/"],
  ["https://ada:s3?cret@reg.example", "X is not an http(s) URL."],
  ["https://ada:12?s3cret@reg.example", "X must have no query and no fragment."],
  ["https://ada:s3#cret@reg.example:x", "X is not an http(s) URL."],
  ["https://ada:s3/cret@reg.example:x", "X is not an http(s) URL: reg.example:x"],
  ["https://ada:s3cret@reg.example/", "X must not carry a user name or password."],
  ["http://reg.example/", "X must use https unless the server is on this machine: http://reg.example/"],
  ["", "X is not an http(s) URL."],
])("%s is refused, and nothing secret repeated", (text, message) => {
  expect(refusalOf(text)).toMatchObject({ code: "INVALID_ARGS", message })
})

test("one server is told from another by its origin", () => {
  expect(sameServer("https://a.example", "https://a.example:443/x")).toBe(true)
  expect(sameServer("http://localhost:1", "http://127.0.0.1:1")).toBe(true)
  expect(sameServer("https://a.example", "https://b.example")).toBe(false)
})
