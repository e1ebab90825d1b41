import { expect, test } from "vitest"
import { securityForms } from "./security-form.ts"

const plain = { formToken: "t", hasPassword: true }

test("a problem is said in its own form, beside its own field, which the summary leads to", () => {
  const problem = { form: "recoveryCodes", field: "password", message: "Wrong." } as const
  const { forms, summary } = securityForms({ ...plain, problem })
  expect(summary).toMatchObject({ field: "password", id: "recoveryCodes-password", message: "Wrong." })
  expect(forms.problemOf("recoveryCodes")).toBe(summary)
  expect(forms.problemOf("removeSecondFactor")).toBeNull()
  expect(forms.problemOf("password")).toBeNull()
})

test.each([
  ["a field that the form has not", { form: "confirm", field: "name" }, true],
  ["a password that the account has not", { form: "recoveryCodes", field: "password" }, false],
  ["a form that is not on the page", { form: null, field: "password" }, true],
] as const)("the summary leads nowhere for %s", (_, wrong, hasPassword) => {
  const problem = { ...wrong, message: "Wrong." }
  const { summary } = securityForms({ ...plain, hasPassword, problem })
  expect(summary).toMatchObject({ field: "form", message: "Wrong." })
  expect(summary?.id).toBeUndefined()
})
