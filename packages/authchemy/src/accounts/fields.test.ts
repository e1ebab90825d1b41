import { expect, test } from "vitest"
import { nameFrom, passwordProblem, tidyAccount, tidyEmail } from "./fields.ts"

test.each([
  [" Ada@Example.com ", "ada@example.com"],
  ["ada.lovelace+cli@mail.example.co.uk", "ada.lovelace+cli@mail.example.co.uk"],
  // As browsers send bücher.example and an address in .рф.
  ["ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"],
  ["ada@example.xn--p1ai", "ada@example.xn--p1ai"],
  ["o'brien@example.com", "o'brien@example.com"],
])("%j is an email, kept as %j", (typed, kept) => {
  expect(tidyEmail(typed)).toBe(kept)
})

test.each([
  ...["", "ada", "ada@", "@example.com", "ada@example", "ada@example.", "ada@.example", "ada@example..com"],
  ...["a da@example.com", "ada@exam ple.com", "ada@@example.com", "ada@example.com\nbcc:eve@evil.example"],
  ...[".ada@example.com", "ada.@example.com", "a..da@example.com", '"ada"@example.com', "ada@127.0.0.1"],
  ...["ada@[127.0.0.1]", "<ada@example.com>", "ada@example.com,eve@evil.example", "ada@-example.com"],
  `${"a".repeat(250)}@example.com`,
  // In small letters they would be mike@example.com and ki@example.com.
  ...["mi\u212ae@example.com", "\u212ai@example.com", "ada@\u212ai.example.com", "\u0130da@example.com"],
])("%j is no email", (typed) => {
  expect(tidyEmail(typed)).toBeNull()
})

test("a name is one line; without one it is what stands before the @", () => {
  expect(nameFrom(" Ada\nLovelace ", "ada@example.com")).toBe("Ada Lovelace")
  expect(nameFrom(" ", "ada@example.com")).toBe("ada")
})

test("a password has 8 to 128 characters", () => {
  expect(["x".repeat(8), "x".repeat(128)].map(passwordProblem)).toEqual([null, null])
  expect(["x".repeat(7), "x".repeat(129)].map(passwordProblem)).toEqual([
    "Password must have at least 8 characters.",
    "Password must have at most 128 characters.",
  ])
})

test("what is wrong with an account names the field", () => {
  const account = { email: "Ada@example.com", password: "long enough", name: "" }
  expect(tidyAccount(account)).toEqual({ email: "ada@example.com", password: "long enough", name: "ada" })
  expect(() => tidyAccount({ ...account, email: "ada" })).toThrow(
    expect.objectContaining({ code: "invalid_email" }),
  )
  expect(() => tidyAccount({ ...account, password: "short" })).toThrow(
    expect.objectContaining({ code: "invalid_password" }),
  )
})
