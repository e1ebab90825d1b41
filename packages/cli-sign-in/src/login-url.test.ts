import { expect, test } from "vitest"
import { buildLoginUrl } from "./login-url.ts"

test("the login URL carries each parameter once, and the claims tidied", () => {
  const url = new URL(
    buildLoginUrl({
      server: "https://example.com/auth",
      redirectUrl: "http://127.0.0.1:16424/callback",
      codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      state: "the-state",
      client: "cli/1.0 & more",
      device: { name: "lap\u001btop\n", os: "x".repeat(100) },
    }),
  )
  expect(url.origin + url.pathname).toBe("https://example.com/auth/login")
  expect([...url.searchParams]).toEqual([
    ["redirectUrl", "http://127.0.0.1:16424/callback"],
    ["code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
    ["code_challenge_method", "S256"],
    ["state", "the-state"],
    ["client", "cli/1.0 & more"],
    ["device", "lap top"],
    ["os", "x".repeat(64)],
  ])
})
