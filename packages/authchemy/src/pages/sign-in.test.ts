import { expect, test } from "vitest"
import { signInPage } from "./sign-in.ts"

test.each([
  ["/login?redirectUrl=x", "A command-line program asks to use your account."],
  ["/device", "A command-line program asks to use your account."],
  ["/device?user_code=WDJB-MJHT", "A command-line program asks to use your account."],
  ["/oauth/authorize?client_id=x", "A program asks to use your account."],
  ["/sessions", "Use your Authchemy account."],
  ["/devices", "Use your Authchemy account."],
  ["/", "Use your Authchemy account."],
])("on the way to %s the page says why", async (returnTo, sentence) => {
  const page = await signInPage({ returnTo, email: "", problem: null, createAccountUrl: null })
  expect(/<p class="lead">([^<]*)</.exec(String(page))?.[1]).toContain(sentence)
})
