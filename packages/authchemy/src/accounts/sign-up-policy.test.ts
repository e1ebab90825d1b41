import { expect, test } from "vitest"
import { parseSignUp, signUpDomains, signUpProblem } from "./sign-up-policy.ts"

test.each(["open", "true", "1", "TRUE", " Open "])("%j lets everybody sign up", (text) => {
  expect(parseSignUp(text)).toEqual({ kind: "open" })
  expect(signUpProblem(parseSignUp(text), "ada@anywhere.example")).toBeNull()
})

test.each(["closed", "false", "0", "False"])("%j lets nobody sign up", (text) => {
  expect(parseSignUp(text)).toEqual({ kind: "closed" })
  expect(signUpProblem(parseSignUp(text), "ada@anywhere.example")).toMatch(/^New accounts cannot be created/)
})

test("domains are kept once each, in lower case and Punycode, frozen", () => {
  const policy = parseSignUp("Example.COM, example.org,example.com , Bücher.example")
  expect(policy).toEqual({
    kind: "domains",
    domains: ["example.com", "example.org", "xn--bcher-kva.example"],
  })
  expect(Object.isFrozen(policy)).toBe(true)
})

test.each([
  "",
  ",",
  "example.com,",
  "example",
  "true, example.com",
  "*.example.com",
  "@example.com",
  "ada@example.com",
  "example.com.",
  ".example.com",
  "example..com",
  "-example.com",
  "example.com/x",
  "example.com:25",
  "exa%6dple.com",
  "exa\u00admple.com",
  "example。com",
  "192.0.2.1",
  "[::1]",
  "https://example.com",
  "example.com example.org",
  `${"a".repeat(64)}.com`,
  `${"abcdefgh.".repeat(29)}com`,
])("%j is refused, with what is accepted", (text) => {
  expect(() => parseSignUp(text)).toThrow(
    /^must be open, closed, or mail domains .* for example example\.com/,
  )
})

const policy = parseSignUp("example.com, bücher.example")

test.each([
  "ada@example.com",
  "Ada@EXAMPLE.com",
  "a+b@example.com",
  "ada@bücher.example",
  "ada@xn--bcher-kva.example",
])("%j is of an allowed domain", (email) => {
  expect(signUpProblem(policy, email)).toBeNull()
})

test.each([
  "ada@sub.example.com",
  "ada@notexample.com",
  "ada@example.com.evil.example",
  "ada@example.com.",
  "ada@evil.example",
  "ada@evil@example.com",
  "ada@example.com@evil.example",
  '"ada@evil.example"@example.com',
  "@example.com",
  "ada@",
  "example.com",
  "",
  "ada@example.com/evil.example",
  "ada@evil.example/@example.com",
  "ada@exa%6dple.com",
  "ada@example%2ecom",
  "ada@example.com\n",
  "ada@ example.com",
  "ada@example.com\u0000.evil.example",
  "ada@example.com:25",
  "ada@example.com#",
  "ada@example.com?x",
  "ada@еxample.com",
])("%j is not", (email) => {
  expect(signUpProblem(policy, email)).toBe(
    "Accounts here are for email addresses at example.com or bücher.example. Use such an address.",
  )
})

test("the sentence names five domains at most", () => {
  const many = Array.from({ length: 7 }, (_, index) => `d${index}.example`)
  expect(signUpProblem(parseSignUp(many.join(",")), "x@y.example")).toContain(
    "d0.example, d1.example, d2.example, d3.example, d4.example and 2 more domains",
  )
  expect(signUpProblem(parseSignUp("one.example"), "x@y.example")).toContain("at one.example. Use")
})

test("a page is told the domains in words, and nothing where any will do", () => {
  expect(signUpDomains(parseSignUp("example.com"))).toBe("example.com")
  expect(signUpDomains(parseSignUp("a.example, xn--bcher-kva.example, c.example"))).toBe(
    "a.example, bücher.example or c.example",
  )
  expect(signUpDomains(parseSignUp("open"))).toBeNull()
  expect(signUpDomains(parseSignUp("closed"))).toBeNull()
})
