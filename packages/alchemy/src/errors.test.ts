import { expect, test } from "vitest"
import { CLIError, ERROR_GUIDE, type ErrorCode, EXIT_CODES, isRetryable } from "./errors.ts"

test("every code has an exit code, a meaning and something to do about it", () => {
  expect(Object.keys(ERROR_GUIDE).toSorted()).toEqual(Object.keys(EXIT_CODES).toSorted())
  for (const { meaning, whatToDo } of Object.values(ERROR_GUIDE)) {
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(whatToDo).toMatch(/^[A-Z].*[.`]$/)
  }
})

test("an error knows its exit code, and is retryable by its code unless it says otherwise", () => {
  for (const code of Object.keys(EXIT_CODES) as ErrorCode[]) {
    const error = new CLIError(code, "What happened.")
    expect(error.exitCode).toBe(EXIT_CODES[code])
    expect(error.retryable).toBe(isRetryable(code))
    expect(new CLIError(code, "What happened.", { retryable: !isRetryable(code) }).retryable).toBe(
      !isRetryable(code),
    )
  }
})
