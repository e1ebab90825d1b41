import { expect, test } from "vitest"
import { resourceId } from "./resource-id.ts"

const parse = (operand: string | undefined) => resourceId(operand, "a session", "alchemy auth sessions")

test.each(["ses_1", "a.b~c-d", "x".repeat(128)])("%s is an id", (operand) => {
  expect(parse(operand)).toBe(operand)
})

test.each([undefined, "", ".", "..", "a/b", "a?b", "a b", "%2e", "x".repeat(129), "é"])(
  "%s is none, and the command that shows them is named",
  (operand) => {
    expect(() => parse(operand)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGS",
        message: expect.stringMatching(/is not the id of a session\.$/),
        hint: "`alchemy auth sessions` shows the ids.",
      }),
    )
  },
)

test("what a terminal would act on is not repeated", () => {
  expect(() => parse("\u001b[31mred")).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("\u001b") }),
  )
})
