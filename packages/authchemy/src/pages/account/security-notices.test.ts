import { expect, test } from "vitest"
import { securityNotice, securityUrl } from "./security-notices.ts"

function noticeAt(url: string): string | null {
  const query = new URL(url, "http://x").searchParams
  return securityNotice({ done: query.get("done") ?? undefined, ended: query.get("ended") ?? undefined })
}

test("the address says what was done, and how many sessions have ended", () => {
  expect(noticeAt(securityUrl("passkey-added"))).toMatch(/^The passkey is added\. /)
  expect(noticeAt(securityUrl("password-changed", 0))).toMatch(/No command-line program was signed in\.$/)
  expect(noticeAt(securityUrl("password-changed", 1))).toMatch(/One command-line session has ended\.$/)
  expect(noticeAt(securityUrl("password-changed", 12))).toMatch(/12 command-line sessions have ended\.$/)
})

test.each(["/security", "/security?done=x", "/security?done=toString", "/security?ended=3"])(
  "%s says nothing",
  (url) => {
    expect(noticeAt(url)).toBeNull()
  },
)

test.each(["-1", "1e9", "1234567", " 1", "x"])("a number that is none, %j, is passed over", (ended) => {
  expect(securityNotice({ done: "provider-disconnected", ended })).toBe("The provider is disconnected.")
})
