import * as v from "valibot"
import { expect, test } from "vitest"
import { CliTokenRequest } from "./cli-token.ts"
import { DEFAULT_EXPIRES_IN_SECONDS } from "./constants.ts"
import { tidyClaim } from "./fields.ts"

const body = { code: "c", redirect_uri: "http://127.0.0.1:1/callback" }

test.each([
  [undefined, DEFAULT_EXPIRES_IN_SECONDS],
  [60, 60],
  [DEFAULT_EXPIRES_IN_SECONDS + 1, DEFAULT_EXPIRES_IN_SECONDS],
  [Number.MAX_SAFE_INTEGER, DEFAULT_EXPIRES_IN_SECONDS],
])("a wished lifetime of %s becomes %s seconds", (wish, granted) => {
  const request = v.parse(CliTokenRequest, {
    ...body,
    ...(wish === undefined ? {} : { expires_in_seconds: wish }),
  })
  expect(request.expires_in_seconds).toBe(granted)
})

test.each([59, 0, -1, 60.5, Number.NaN, Number.POSITIVE_INFINITY, "60", null])(
  "a wished lifetime of %s is refused, naming the field",
  (wish) => {
    const result = v.safeParse(CliTokenRequest, { ...body, expires_in_seconds: wish })
    expect(result.success).toBe(false)
    expect(result.issues && v.getDotPath(result.issues[0])).toBe("expires_in_seconds")
  },
)

test.each([
  ["laptop", "laptop"],
  ["a\u0000b\r\n\u202ec\u2028d", "a b c d"],
  ["x".repeat(100), "x".repeat(64)],
  ["😀".repeat(100), "😀".repeat(32)],
  ["\ud800lonely", "lonely"],
])("the claim %j is shown as %j", (claim, shown) => {
  expect(tidyClaim(claim)).toBe(shown)
})
