import { expect, test } from "vitest"
import { parseIntrospection } from "./introspection.ts"

const active = {
  active: true,
  scope: "account:read",
  client_id: "alchemy-cli",
  sub: "ann",
  sid: "session",
  iat: 1_790_000_000,
  exp: 1_790_000_600,
}

test("an active token, with or without a key; other members are left out", () => {
  expect(parseIntrospection({ ...active, username: "ann@example.com" })).toEqual(active)
  expect(parseIntrospection({ ...active, cnf: { jkt: "thumbprint" } })).toEqual({
    ...active,
    cnf: { jkt: "thumbprint" },
  })
})

test("an inactive one", () => {
  expect(parseIntrospection({ active: false })).toEqual({ active: false })
})

test.each([
  null,
  [],
  {},
  "active",
  { active: "true" },
  { active: true },
  { ...active, sub: "" },
  { ...active, exp: "1790000600" },
  { ...active, iat: null },
  { ...active, scope: ["account:read"] },
  { ...active, cnf: {} },
  { ...active, cnf: { jkt: "" } },
  { ...active, cnf: null },
])("anything else says nothing of the token: %j", (body) => {
  expect(parseIntrospection(body)).toBeNull()
})
