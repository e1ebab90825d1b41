import { describe, expect, test } from "vitest"
import { describeFault, type Fault, faultOf } from "./faults.ts"

const fault = (fields: object, cause?: unknown) =>
  Object.assign(new Error("it failed", cause === undefined ? {} : { cause }), fields)

test.each<[string, unknown, Fault]>([
  ["a no", fault({ code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR", error: "access_denied" }), "declined"],
  [
    "a fault there",
    fault({ code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR", error: "server_error" }),
    "unavailable",
  ],
  [
    "another answer",
    fault({ code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR", error: "login_required" }),
    "untrusted",
  ],
  ["a used code", fault({ code: "OAUTH_RESPONSE_BODY_ERROR", error: "invalid_grant" }), "untrusted"],
  ["a wrong client", fault({ code: "OAUTH_RESPONSE_BODY_ERROR", error: "invalid_client" }), "unavailable"],
  ["a wrong claim", fault({ code: "OAUTH_JWT_CLAIM_COMPARISON_FAILED" }), "untrusted"],
  ["no answer in time", fault({ code: "OAUTH_TIMEOUT" }), "unavailable"],
  ["no connection", new TypeError("fetch failed"), "unavailable"],
  ["anything else", "a text", "unavailable"],
])("%s", (_what, error, expected) => {
  expect(faultOf(error)).toBe(expected)
})

describe("in words", () => {
  test("down to the cause", () => {
    const error = fault({ code: "OAUTH_TIMEOUT" }, fault({ code: "ECONNREFUSED" }))
    expect(describeFault(error)).toBe("it failed OAUTH_TIMEOUT: it failed ECONNREFUSED")
  })

  test("with what the provider says, and without what may not be told", () => {
    const error = fault({ error: "invalid_grant", error_description: "code c0de is used" })
    expect(describeFault(error, ["c0de", ""])).toBe("it failed invalid_grant code … is used")
  })

  test("with what it says in WWW-Authenticate", () => {
    const challenge = { scheme: "basic", parameters: { error: "invalid_client", realm: "x" } }
    expect(describeFault(fault({}, [challenge]))).toBe("it failed invalid_client")
    expect(describeFault(fault({}, []))).toBe("it failed")
  })

  test("never without end", () => {
    expect(describeFault(new Error("x".repeat(1000)))).toHaveLength(300)
    const circular = new Error("again")
    circular.cause = circular
    expect(describeFault(circular)).toBe("again: again: again: again")
    expect(describeFault(null)).toBe("unknown")
  })
})
