import { expect, test } from "vitest"
import { htmlOfPage } from "../testing.ts"
import { signInPage } from "./sign-in.ts"

const plain = {
  siteName: "Acme",
  returnTo: "/",
  email: "",
  problem: null,
  providers: [],
  forgotPasswordUrl: "/forgot-password",
  createAccountUrl: null,
  signUpDomains: null,
}

test.each([
  ["/login?redirectUrl=x", "A command-line program asks to use your account."],
  ["/device", "A command-line program asks to use your account."],
  ["/device?user_code=WDJB-MJHT", "A command-line program asks to use your account."],
  ["/oauth/authorize?client_id=x", "A program asks to use your account."],
  ["/sessions", "Use your Acme account."],
  ["/devices", "Use your Acme account."],
  ["/", "Use your Acme account."],
])("on the way to %s the page says why", async (returnTo, sentence) => {
  const page = await htmlOfPage(signInPage({ ...plain, returnTo }))
  expect(/<p class="lead">([^<]*)</.exec(page)?.[1]).toContain(sentence)
})

test("without providers and without the script there is nothing after an `or`", async () => {
  const page = await htmlOfPage(signInPage(plain))
  expect(page.match(/class="or"/g)).toHaveLength(1)
  expect(page).toMatch(/data-passkey="sign-in"[^>]* hidden>\s*<p class="or">/)
})

test("S14 a provider's name is shown as text, in the operator's order, each with a form of its own", async () => {
  const providers = [
    { id: "b", name: "<b>Bold</b>" },
    { id: "a", name: "Acme" },
  ]
  const page = await htmlOfPage(signInPage({ ...plain, providers, returnTo: "/login?x=1" }))
  expect(page.match(/class="or"/g)).toHaveLength(1)
  expect(page).not.toContain("<b>")
  expect(page.indexOf("&lt;b&gt;Bold")).toBeLessThan(page.indexOf("Continue with <bdi>Acme"))
  expect(page).toMatch(
    /action="\/sign-in\/providers\/a"><input type="hidden" name="return_to" value="\/login\?x=1">/,
  )
})

test("an account can be created, with an address at the domains that are asked for", async () => {
  const page = await htmlOfPage(
    signInPage({ ...plain, createAccountUrl: "/create-account", signUpDomains: "acme.com or acme.org" }),
  )
  expect(page).toContain(
    '<a href="/create-account">Create an account</a>, with an address at acme.com or acme.org',
  )
})
