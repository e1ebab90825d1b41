import { expect, test } from "vitest"
import { isLoopbackHost } from "./loopback.ts"

test.each(["http://localhost:1/", "http://127.0.0.1/", "http://[::1]:8080/x", "https://LOCALHOST/"])(
  "%s names this machine",
  (url) => {
    expect(isLoopbackHost(new URL(url).hostname)).toBe(true)
  },
)

test.each([
  "http://localhost.evil.example/",
  "http://127.0.0.1.evil.example/",
  "http://0.0.0.0/",
  "http://[::]/",
  "http://127.0.0.2/",
])("%s does not", (url) => {
  expect(isLoopbackHost(new URL(url).hostname)).toBe(false)
})
