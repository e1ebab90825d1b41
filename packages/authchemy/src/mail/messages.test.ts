import { expect, test } from "vitest"
import {
  accountExistsMail,
  type Mail,
  resetPasswordMail,
  type SecurityChange,
  securityNoticeMail,
  verifyEmailMail,
} from "./messages.ts"

const HOUR = 3_600_000
const LINK = "https://auth.example.com/verify-email?token=abc&x=1"
const SITE = { name: "Example", url: "https://auth.example.com" }
const URLS = {
  signInUrl: "https://auth.example.com/sign-in",
  resetUrl: "https://auth.example.com/forgot-password",
}

function mailsOf(site: typeof SITE): Record<string, Mail> {
  const to = "ada@example.com"
  const notice = { site, to, at: Date.parse("2026-11-23T22:05:00Z"), address: "203.0.113.7", ...URLS }
  return {
    verify: verifyEmailMail({ site, to, link: LINK, lifetimeMs: 24 * HOUR }),
    reset: resetPasswordMail({ site, to, link: LINK, lifetimeMs: HOUR }),
    exists: accountExistsMail({ site, to, ...URLS }),
    notice: securityNoticeMail({ ...notice, what: "password_changed" }),
    passkey: securityNoticeMail({ ...notice, what: "passkey_added" }),
  }
}

const each = Object.entries(mailsOf(SITE))

test("the mail that asks to confirm an address, word by word", () => {
  expect(mailsOf(SITE).verify).toMatchObject({
    to: "ada@example.com",
    subject: "Confirm your email for Example",
    link: LINK,
    text: `This address was given for an account at Example. If that was you, confirm that it is yours.

${LINK}

The link works once, within 24 hours, and asks for the password that the account was created with.

If you did not ask for this, ignore this mail. The address then stays unconfirmed.

Example
https://auth.example.com
`,
  })
})

test("the mail that tells of a change, word by word", () => {
  expect(mailsOf(SITE).notice).toMatchObject({
    subject: "The password was changed: your account at Example",
    link: null,
    text: `The password was changed for your account at Example.

When: 23 Nov 2026, 22:05 UTC
From: 203.0.113.7

If that was you, there is nothing to do.

If it was not you, set a new password at once. That ends every session of the account:

https://auth.example.com/forgot-password

Example
https://auth.example.com
`,
  })
})

test.each([
  ["passkey_added", /remove the passkey under Security:\n\nhttps:\/\/auth\.example\.com\/security\n/],
  ["provider_linked", /remove the provider under Security:\n\nhttps:\/\/auth\.example\.com\/security\n/],
  ["second_factor_added", /does not turn the second factor off\. If you have no code, ask whoever runs/],
] satisfies [SecurityChange, RegExp][])(
  "%s says that a new password does not undo it, and what does",
  (what, said) => {
    const notice = { site: SITE, to: "ada@example.com", at: 0, address: null, ...URLS }
    expect(securityNoticeMail({ ...notice, what }).text).toMatch(said)
    expect(securityNoticeMail({ ...notice, what: "password_changed" }).text).not.toMatch(said)
  },
)

test.each(each)("%s: each address stands alone on a line of the text", (_, { text }) => {
  const lines = text.split("\n").filter((line) => line.includes("://"))
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines) expect(line).toMatch(/^https:\/\/\S+$/)
})

test.each(each)("%s: text and HTML say the same", (_, { text, html }) => {
  const words = plainOf(html)
  for (const paragraph of text.split(/\n+/)) {
    for (const part of paragraph.split(/^(When|From): /)) expect(words).toContain(part)
  }
})

test.each(each)("%s: the HTML fetches nothing, runs nothing and follows nobody", (_, { html }) => {
  expect(html).not.toMatch(/<(img|script|style|link|iframe|form|object|svg|video|base)\b/i)
  expect(html).not.toMatch(/\b(src|srcset|background|ping|on\w+)=|url\(|@import|http-equiv/i)
  const targets = [...html.matchAll(/href="([^"]*)"/g)].map(([, target = ""]) => target)
  expect(targets.length).toBeGreaterThan(1)
  for (const target of targets) expect(target).toMatch(/^https:\/\/auth\.example\.com(\/|$)/)
})

test.each(each)("%s: is light or dark as its reader is", (_, { html }) => {
  expect(html).toContain('<meta name="color-scheme" content="light dark">')
  const coloured = html.match(/<[a-z]+ [^>]*style="[^"]*\bcolor:#[^"]*"/g) ?? []
  for (const element of coloured) expect(element).toMatch(/color:#ffffff.*/)
  for (const element of coloured) expect(element).toContain("background-color:#0f766e")
})

test("the button and the written link lead to the same place, escaped", () => {
  const { html } = mailsOf(SITE).reset as Mail
  const escaped = LINK.replace("&", "&amp;")
  expect(html.split(`href="${escaped}"`)).toHaveLength(3)
  expect(html).toContain(`>${escaped}</a>`)
  expect(html).not.toContain(LINK)
})

test("S14 markup in the site's name is text, and a line break in it adds no header", () => {
  const name = '<script>alert("1")</script>\r\nBcc: eve@evil.example\u202e'
  for (const { subject, html, text } of Object.values(mailsOf({ ...SITE, name }))) {
    expect(html).not.toContain("<script")
    expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;")
    expect(subject).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text).not.toMatch(/^Bcc:/m)
  }
})

test.each([
  [60_000, "1 minute"],
  [15 * 60_000, "15 minutes"],
  [HOUR - 1, "59 minutes"],
  [HOUR, "1 hour"],
  [24 * HOUR, "24 hours"],
  [48 * HOUR, "2 days"],
  [7 * 24 * HOUR, "7 days"],
])("a link of %i ms works within %s", (lifetimeMs, words) => {
  const { text } = resetPasswordMail({ site: SITE, to: "a@example.com", link: LINK, lifetimeMs })
  expect(text).toContain(`The link works once, within ${words}.`)
})

test.each([
  "password_changed",
  "password_reset",
  "second_factor_added",
  "second_factor_removed",
  "recovery_codes_renewed",
  "passkey_added",
  "passkey_removed",
  "provider_linked",
  "provider_unlinked",
] satisfies SecurityChange[])("%s has a subject and a sentence of its own", (what) => {
  const { subject, text, link } = securityNoticeMail({
    ...{ site: SITE, to: "a@example.com", what, at: 0, address: null, resetUrl: URLS.resetUrl },
  })
  const [sentence = ""] = subject.split(":")
  expect(sentence).toMatch(/^[A-Z].* (was|were) (changed|reset|turned|made|added|removed)/)
  expect(text.startsWith(`${sentence} for your account at Example.`)).toBe(true)
  expect(text).not.toContain("From:")
  expect(link).toBeNull()
})

function plainOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, "\n")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
}
