import { expect, test } from "vitest"
import { passwordProblem, tidyEmail } from "../accounts/fields.ts"
import { emailField, nameField, newPasswordField, passwordField } from "./credential-fields.ts"

/** The attributes of a field's input. */
function inputOf(field: unknown): Record<string, string> {
  const [, attributes = ""] = /<input ([^>]*)>/.exec(String(field)) ?? []
  const pairs = Array.from(attributes.matchAll(/([\w-]+)(?:="([^"]*)")?/g))
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value]))
}

test("an email is as long as an account's may be", () => {
  const input = inputOf(emailField({ value: "ada@example.com", problem: null }))
  expect(input).toMatchObject({
    ...{ id: "email", name: "email", type: "email", autocomplete: "email", required: "" },
    value: "ada@example.com",
  })
  const longest = Number(input.maxlength)
  const labels = `${"a".repeat(50)}.`.repeat(5)
  const email = (length: number) => `ada@${labels.slice(0, length - "ada@.com".length)}.com`
  expect(tidyEmail(email(longest))).toHaveLength(longest)
  expect(tidyEmail(email(longest + 1))).toBeNull()
  expect(inputOf(emailField({ value: "", signsIn: true, problem: null })).autocomplete).toBe("username")
})

test("a password is as long as an account's may be, and is never shown again", () => {
  for (const [makeField, autocomplete] of [
    [passwordField, "current-password"],
    [newPasswordField, "new-password"],
  ] as const) {
    const input = inputOf(makeField({ problem: { field: "password", message: "Wrong." } }))
    expect(input).toMatchObject({ type: "password", autocomplete, value: "", "aria-invalid": "true" })
    const longest = Number(input.maxlength)
    expect(passwordProblem("x".repeat(longest))).toBeNull()
    expect(passwordProblem("x".repeat(longest + 1))).not.toBeNull()
  }
})

test("a new password says what it must be", () => {
  const html = String(newPasswordField({ problem: null }))
  const [, fewest, most] = /(\d+) to (\d+) characters/.exec(html) ?? []
  expect(passwordProblem("x".repeat(Number(fewest)))).toBeNull()
  expect(passwordProblem("x".repeat(Number(fewest) - 1))).not.toBeNull()
  expect(most).toBe(inputOf(newPasswordField({ problem: null })).maxlength)
  expect(inputOf(newPasswordField({ problem: null }))["aria-describedby"]).toBe("password-hint")
})

test("fields of one page are told apart by name, id and label", () => {
  const own = { name: "next", id: "password-next", label: "Next", focus: true, problem: null }
  const html = String(newPasswordField(own))
  expect(html).toContain('<label for="password-next">Next</label>')
  expect(inputOf(html)).toMatchObject({ id: "password-next", name: "next", autofocus: "" })
  expect(inputOf(nameField({ value: "Ada", problem: null }))).toMatchObject({ name: "name", value: "Ada" })
})
