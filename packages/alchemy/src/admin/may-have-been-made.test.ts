import { expect, test } from "vitest"
import { CLIError } from "../errors.ts"
import { mayHaveBeenMade } from "./may-have-been-made.ts"

const fetchFailed = (code: string) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) })
const after = (error: unknown) => {
  try {
    return mayHaveBeenMade("The app", "alchemy apps list")(error)
  } catch (thrown) {
    return thrown
  }
}

test.each([
  ["no answer", new CLIError("NETWORK_ERROR", "m", { cause: fetchFailed("ECONNRESET") })],
  ["the time limit", new CLIError("NETWORK_ERROR", "m", { cause: new DOMException("x", "TimeoutError") })],
  ["another form", new CLIError("ADMIN_API_ERROR", "m")],
  ["no JSON", new CLIError("ADMIN_API_ERROR", "m", { status: 201 })],
  ["500", new CLIError("ADMIN_API_ERROR", "m", { status: 500, retryable: true })],
  ["503", new CLIError("ADMIN_API_ERROR", "m", { status: 503, retryable: true })],
])("%s: it may have been made", (_, error) => {
  expect(after(error)).toMatchObject({
    code: error.code,
    message: "m",
    status: error.status,
    retryable: false,
    hint: "The app may have been made all the same: look with `alchemy apps list` before trying again.",
    cause: error,
  })
})

test.each([
  ["nobody listens", new CLIError("NETWORK_ERROR", "m", { cause: fetchFailed("ECONNREFUSED") })],
  ["no such name", new CLIError("NETWORK_ERROR", "m", { cause: fetchFailed("ENOTFOUND") })],
  ["400", new CLIError("ADMIN_API_ERROR", "m", { status: 400 })],
  ["403", new CLIError("ADMIN_API_ERROR", "m", { status: 403 })],
  ["429", new CLIError("RATE_LIMITED", "m", { status: 429 })],
  ["401", new CLIError("AUTH_REQUIRED", "m", { status: 401 })],
  ["a fault", new TypeError("m")],
])("%s: nothing was made, and the error is as it was", (_, error) => {
  expect(after(error)).toBe(error)
})
