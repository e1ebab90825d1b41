import { expect, test } from "vitest"
import { CLIError } from "../../errors.ts"
import { listRefused } from "./list-refused.ts"

const words = { said: (message: string) => message.replace("field", "--add"), shorter: "Use fewer." }
const error = (status: number, hint?: string) => new CLIError("ADMIN_API_ERROR", "field: m", { status, hint })

test("a wrong entry: in words of the command line, with the hint that is given or was there", () => {
  const refused = error(400, "h")
  expect(listRefused(refused, words)).toMatchObject({
    code: "ADMIN_API_ERROR",
    message: "--add: m",
    status: 400,
    hint: "h",
    cause: refused,
  })
  expect(listRefused(refused, { ...words, hint: "other" })).toMatchObject({ hint: "other" })
})

test("a body that is too large is a list that is too long", () => {
  expect(listRefused(error(413), words)).toMatchObject({
    message: "The list is too long for one request.",
    status: 413,
    hint: "Use fewer.",
  })
})

test.each([error(409), error(403), error(500), new TypeError("m")])("%s comes back as it is", (other) => {
  expect(listRefused(other, words)).toBe(other)
})
