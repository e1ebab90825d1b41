import { createHash } from "node:crypto"
import * as v from "valibot"
import { expect, test } from "vitest"
import { CliLogoutRequest } from "./cli-logout.ts"
import { revocationHandleOf } from "./revocation-handle.ts"

test("the handle is the tag and the digest, and has the form the endpoint takes", () => {
  const token = `alchemy_at_tAg9${"s".repeat(43)}${"c".repeat(6)}`
  const handle = revocationHandleOf(token)
  expect(handle).toBe(`tAg9.${createHash("sha256").update(token).digest("base64url")}`)
  expect(v.is(CliLogoutRequest, { revocation_handle: handle })).toBe(true)
})

test.each(["", "alchemy_at_", "other_at_", `alchemy_at_${"s".repeat(52)}`])("%j has none", (text) => {
  expect(revocationHandleOf(text)).toBeNull()
})
