import { describe, expect, test } from "vitest"
import { htmlOfPage } from "../testing.ts"
import { deviceCodePage, deviceDonePage } from "./device.ts"

type CodePage = Parameters<typeof deviceCodePage>[0]

const typing: CodePage = {
  account: { email: "ann@example.com", name: "Ann" },
  userCode: "",
  formToken: "form-token",
  problem: null,
  confirming: false,
}
const confirming: CodePage = { ...typing, userCode: "WDJB-MJHT", confirming: true }

const htmlOf = (page: CodePage) => htmlOfPage(deviceCodePage(page))
const textOf = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
/** The form that posts to /device, and the one text input in it. */
const formOf = (html: string) => /<form method="post" action="\/device">.*?<\/form>/s.exec(html)?.[0] ?? ""
const inputOf = (html: string) => /<input id="user_code"[^>]*>/.exec(html)?.[0] ?? ""

describe("the page that asks for the code", () => {
  test("has one labelled input made for typing a code, says its form, and carries the form token", async () => {
    const form = formOf(await htmlOf(typing))
    expect(form).toContain('name="form_token" value="form-token"')
    expect(form).toContain('<label for="user_code">')
    for (const attribute of [
      'name="user_code"',
      'autocapitalize="characters"',
      'autocomplete="off"',
      'spellcheck="false"',
      'inputmode="text"',
      'aria-describedby="user_code-hint"',
      'value=""',
      " autofocus",
    ])
      expect(inputOf(form)).toContain(attribute)
    expect(inputOf(form)).not.toContain("placeholder")
    expect(form).toContain("XXXX-XXXX")
    expect(form).toContain(">Continue</button>")
    expect(form).not.toContain('name="decision"')
  })

  test("shows what is wrong and keeps what was typed", async () => {
    const html = await htmlOf({ ...typing, userCode: "wdjb", problem: "That is no code." })
    expect(html).toMatch(/role="alert" tabindex="-1" autofocus><a href="#user_code">That is no code\.</)
    expect(html).toContain('<p class="wrong" id="user_code-problem">That is no code.</p>')
    expect(inputOf(html)).not.toContain("autofocus")
    expect(inputOf(html)).toContain('value="wdjb"')
    expect(inputOf(html)).toContain('aria-invalid="true"')
    expect(inputOf(html)).toContain('aria-describedby="user_code-problem user_code-hint"')
    expect(html).toContain("<title>Code not accepted")
    expect(await htmlOf(typing)).not.toMatch(/role="alert"|aria-invalid/)
  })

  test("another account comes back here", async () => {
    expect(await htmlOf({ ...typing, userCode: "wdjb" })).toContain('name="return_to" value="/device"')
  })
})

describe("the page of the complete verification URL", () => {
  test("S40 shows the code and asks; its one button goes on and decides nothing", async () => {
    const html = await htmlOf(confirming)
    expect(textOf(html)).toContain("Does your terminal show this code?")
    expect(textOf(html)).toContain("Code WDJB-MJHT")
    expect(textOf(html)).toContain("somebody else may have sent you this link")
    const form = formOf(html)
    expect(form).toContain('<input type="hidden" name="user_code" value="WDJB-MJHT">')
    expect(form).toContain('name="form_token" value="form-token"')
    expect(form.match(/<button[^>]*>[^<]*/g)).toEqual(['<button type="submit">Continue'])
    expect(html).not.toMatch(/name="decision"|Approve/)
    expect(html).not.toMatch(/<script|http-equiv/i)
  })

  test("leads to typing another code, and comes back with this one after another account", async () => {
    const html = await htmlOf(confirming)
    expect(html).toContain('<a href="/device">Type another code</a>')
    expect(html).toContain('name="return_to" value="/device?user_code=WDJB-MJHT"')
  })

  test("says what is wrong", async () => {
    expect(await htmlOf({ ...confirming, problem: "Try again." })).toContain(
      'role="alert" tabindex="-1" autofocus>Try again.<',
    )
  })
})

describe("the last page", () => {
  const done = (page: Parameters<typeof deviceDonePage>[0]) => htmlOfPage(deviceDonePage(page))

  test("approved: who is signed in where, and what can be done next", async () => {
    const html = await done({ decision: "approved", clientName: "Alchemy CLI", machine: "ann-laptop" })
    expect(textOf(html)).toContain("You are signed in on ann-laptop with Alchemy CLI .")
    expect(textOf(html)).toContain("You can close this page and return to your terminal.")
    expect(html).toContain('<a href="/sessions">')
  })

  test.each([undefined, "", "unknown"])("a machine that is %j is not named", async (machine) => {
    for (const decision of ["approved", "denied"] as const) {
      const text = textOf(await done({ decision, clientName: "Alchemy CLI", machine }))
      expect(text).not.toMatch(/ on |unknown|undefined/)
    }
  })

  test("denied: nothing was signed in, and what can be done next", async () => {
    const html = await done({ decision: "denied", clientName: "Alchemy CLI", machine: "ann-laptop" })
    expect(textOf(html)).toContain("Nothing was signed in.")
    expect(textOf(html)).not.toContain("You are signed in")
    expect(html).toContain('<a href="/sessions">')
    expect(html).toContain('<a href="/device">')
  })
})

describe("S14", () => {
  const MARKUP = `</bdi>"'><script>alert(1)</script>&amp;`
  const ESCAPED = "&lt;/bdi&gt;&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"
  const code = (value: string, isConfirming: boolean) =>
    deviceCodePage({
      account: { email: value, name: value },
      userCode: value,
      formToken: value,
      problem: value,
      confirming: isConfirming,
    })
  const done = (value: string, decision: "approved" | "denied") =>
    deviceDonePage({ decision, clientName: value, machine: value })

  test.each([
    ["asking for the code", (value: string) => code(value, false)],
    ["confirming", (value: string) => code(value, true)],
    ["approved", (value: string) => done(value, "approved")],
    ["denied", (value: string) => done(value, "denied")],
  ])("%s: markup in any value is shown as text and changes nothing else of the page", async (_, pageWith) => {
    const marked = await htmlOfPage(pageWith(MARKUP))
    expect(marked).toContain(ESCAPED)
    const inUrl = encodeURIComponent(MARKUP).replaceAll("'", "&#39;")
    expect(marked.replaceAll(ESCAPED, "plain").replaceAll(inUrl, "plain")).toBe(
      await htmlOfPage(pageWith("plain")),
    )
  })
})
