import { expect, test } from "vitest"
import { DEFAULT_SCOPES, SCOPES, scopesOf } from "./scopes.ts"

test.each([undefined, "", "  "])("asking for nothing (%j) means all but offline_access", (asked) => {
  expect(scopesOf(asked)).toEqual(DEFAULT_SCOPES)
  expect(DEFAULT_SCOPES).toEqual([
    "account:read",
    "apps:read",
    "apps:write",
    "sessions:manage",
    "keys:manage",
  ])
})

test("unknown scopes are left out; each of the others stands once, in one order", () => {
  expect(scopesOf("openid apps:write  apps:read apps:write")).toEqual(["apps:read", "apps:write"])
  expect(scopesOf(SCOPES.join(" "))).toEqual(SCOPES)
})

test.each(["openid profile", 'apps:read"', "apps:read\napps:write", "a\\b", "äpps"])(
  "%j grants nothing",
  (asked) => {
    expect(scopesOf(asked)).toBeNull()
  },
)
