import { describe, expect, test } from "vitest"
import { htmlOfPage } from "../testing.ts"
import { type ApprovalPage, approvePage } from "./approve.ts"
import { SCOPE_WORDS } from "./scopes.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const PHRASE = "amber-river-quilt-otter"

const atLogin: ApprovalPage = {
  action: "/login",
  client: { name: "Alchemy CLI", builtIn: true },
  device: { name: "ann-laptop", os: "Linux 6.1", client: "alchemy-cli/1.0.0" },
  addresses: { browser: "192.0.2.17", program: null },
  age: { what: "opened", at: NOW - 40_000, now: NOW },
  account: { email: "ann@example.com", name: "Ann" },
  phrase: PHRASE,
  scopes: [],
  request: "sealed",
  path: "/login?a=b",
}
const atAuthorize: ApprovalPage = {
  ...atLogin,
  action: "/oauth/authorize",
  client: { name: "Example Dashboard", builtIn: false },
  device: {},
  phrase: null,
  scopes: ["account:read", "offline_access"],
  path: "/oauth/authorize?client_id=dashboard",
  destination: "app.example.com",
}
const atDevice: ApprovalPage = {
  ...atLogin,
  action: "/device",
  path: null,
  userCode: "WDJB-MJHT",
  addresses: { browser: "198.51.100.9", program: "192.0.2.17" },
  age: { what: "began", at: NOW - 40_000, now: NOW },
}

const htmlOf = (page: ApprovalPage) => htmlOfPage(approvePage(page))
const textOf = async (page: ApprovalPage) =>
  (await htmlOf(page)).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
/** The list of facts, as pairs of term and what is said of it. */
const factsOf = async (page: ApprovalPage) => {
  const facts = (await htmlOf(page)).matchAll(/<dt>([^<]*)<\/dt><dd[^>]*>(.*?)<\/dd>/g)
  return Object.fromEntries(
    Array.from(facts, ([, term, said = ""]) => [term, said.replace(/<[^>]*>/g, " ").trim()]),
  )
}

describe("at /login", () => {
  test("names program, machine, system, address, account and phrase", async () => {
    expect(await factsOf(atLogin)).toEqual({
      Program: "alchemy-cli/1.0.0",
      Machine: "ann-laptop",
      System: "Linux 6.1",
      Opened: "40 seconds ago",
      Address: "192.0.2.17",
    })
    const text = await textOf(atLogin)
    expect(text).toContain(`Phrase ${PHRASE} It must match the one in your terminal.`)
    expect(text).toContain("Signed in as Ann ann@example.com")
    expect(text).toContain("Did you start this on your computer?")
    for (const absent of ["it can:", "You will be sent", "Somebody else", "No phrase"])
      expect(text).not.toContain(absent)
  })

  test("what a command-line program leaves out is said to be not stated", async () => {
    const facts = await factsOf({
      ...atLogin,
      device: { os: "unknown" },
      client: { name: "", builtIn: true },
    })
    expect(facts).toMatchObject({ Program: "not stated", Machine: "not stated", System: "not stated" })
    const named = await factsOf({ ...atLogin, device: {} })
    expect(named).toMatchObject({ Program: "Alchemy CLI" })
  })

  test("without a phrase it warns that there is none to compare", async () => {
    expect(await textOf({ ...atLogin, phrase: null })).toContain("No phrase to compare.")
  })

  test("another account is a form of its own that comes back here", async () => {
    const html = await htmlOf({ ...atLogin, path: "/login?a=b&c=d" })
    expect(html).toContain('action="/sign-out"')
    expect(html).toContain('name="return_to" value="/login?a=b&amp;c=d"')
    expect(html).not.toContain('value="switch"')
  })
})

describe("at /oauth/authorize", () => {
  test("names the registered client, what it may do, and where the person is sent", async () => {
    const text = await textOf(atAuthorize)
    expect(text).toContain("Example Dashboard asks to act as you.")
    expect(text).toContain(
      `If you approve, it can: ${SCOPE_WORDS["account:read"]} ${SCOPE_WORDS.offline_access}`,
    )
    expect(text).not.toContain(SCOPE_WORDS["apps:write"])
    expect(text).toContain("You will be sent to app.example.com")
    expect(text).toContain("Did you start this?")
    expect(text).not.toContain("No phrase to compare.")
    expect(await htmlOf(atAuthorize)).toContain('<form method="post" action="/oauth/authorize">')
  })

  test("of a registered client only what it said of its machine is shown", async () => {
    const opened = { Opened: "40 seconds ago", Address: "192.0.2.17" }
    expect(await factsOf(atAuthorize)).toEqual({ Program: "Example Dashboard", ...opened })
    const silent = { name: "unknown", os: "", client: "unknown" }
    expect(await factsOf({ ...atAuthorize, device: silent })).toEqual(await factsOf(atAuthorize))
    expect(await factsOf({ ...atAuthorize, device: { name: "ann-laptop" } })).toEqual({
      Program: "Example Dashboard",
      Machine: "ann-laptop",
      ...opened,
    })
  })

  test("a registered client's claim never takes the place of its name", async () => {
    const claiming = { ...atAuthorize, device: { client: "alchemy-cli/1.0.0" } }
    const { Program } = await factsOf(claiming)
    expect(Program?.replace(/\s+/g, " ")).toBe("Example Dashboard calls itself alchemy-cli/1.0.0")
    const same = { ...atAuthorize, device: { client: "Example Dashboard" } }
    expect((await factsOf(same)).Program).toBe("Example Dashboard")
  })

  test("a phrase must match only where the terminal shows one, except for the built-in client", async () => {
    const ifShown = "If your terminal shows a phrase, it must be this one."
    expect(await textOf({ ...atAuthorize, phrase: PHRASE })).toContain(`${PHRASE} ${ifShown}`)
    const builtIn = await textOf({ ...atAuthorize, client: atLogin.client, phrase: PHRASE })
    expect(builtIn).toContain(`${PHRASE} It must match the one in your terminal.`)
    expect(builtIn).not.toContain(ifShown)
  })
})

describe("at /device", () => {
  test("S41 shows program, machine, system, address, age and code, and asks whether the person started it", async () => {
    expect(await factsOf(atDevice)).toEqual({
      Program: "alchemy-cli/1.0.0",
      Machine: "ann-laptop",
      System: "Linux 6.1",
      Started: "40 seconds ago",
      Address: "192.0.2.17",
      Browser: "198.51.100.9",
    })
    const text = await textOf(atDevice)
    expect(text).toContain(`Code WDJB-MJHT Phrase ${PHRASE} Both must match the ones in your terminal.`)
    expect(text).toContain("Did you start this?")
    expect(text).toContain("Somebody else may have sent you this link or code.")
    const html = await htmlOf(atDevice)
    expect(html).toContain('<time datetime="2026-11-23T22:04:20.000Z">')
    expect(html).toContain('<form method="post" action="/device">')
  })

  test("without a phrase the code alone is compared, and nothing is said of older programs", async () => {
    const text = await textOf({ ...atDevice, phrase: null })
    expect(text).toContain("Code WDJB-MJHT It must match the one in your terminal.")
    expect(text).not.toContain("Phrase")
    expect(text).not.toContain("No phrase")
  })

  test("another client's terminal must show the code, and the phrase if it shows any", async () => {
    const text = await textOf({ ...atDevice, client: atAuthorize.client })
    expect(text).toContain(
      `Code WDJB-MJHT It must match the one in your terminal. Phrase ${PHRASE} If your terminal shows a phrase`,
    )
  })

  test.each([
    ["192.0.2.17", "10.0.0.4", /The program is on the internet, and this browser on a private network\./],
    [
      "127.0.0.1",
      "198.51.100.9",
      /The program is on the server's own machine, and this browser on the internet\./,
    ],
    ["192.0.2.17", "2001:db8::1", null],
    ["192.168.1.2", "10.0.0.4", null],
    ["unknown", "198.51.100.9", null],
  ])(
    "S41 a program at %s and a browser at %s: warned where they differ in kind",
    async (program, browser, warning) => {
      const text = (await textOf({ ...atDevice, addresses: { browser, program } })).replaceAll("&#39;", "'")
      if (warning === null) expect(text).not.toContain("not started where you are")
      else expect(text).toMatch(warning)
    },
  )

  test("the same address is said to be the same", async () => {
    const addresses = { browser: "192.0.2.17", program: "192.0.2.17" }
    expect(await factsOf({ ...atDevice, addresses })).toMatchObject({ Browser: "at the same address" })
  })

  test("another account is an answer to the same form, so that the code is let go of", async () => {
    const html = await htmlOf(atDevice)
    expect(html.match(/<form/g)).toHaveLength(1)
    expect(html).not.toContain("/sign-out")
    const inForm = html.slice(html.indexOf("<form"), html.indexOf("</form>"))
    const decisions = inForm.matchAll(/name="decision" value="([^"]*)"/g)
    expect(Array.from(decisions, ([, decision]) => decision)).toEqual(["deny", "approve", "switch"])
    expect(inForm).toContain("Signed in as")
  })
})

describe.each([
  ["/login", atLogin],
  ["/oauth/authorize", atAuthorize],
  ["/device", atDevice],
] as const)("S14 at %s", (_, page) => {
  const MARKUP = `</bdi>"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;`
  const ESCAPED =
    "&lt;/bdi&gt;&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;"
  const filledWith = (value: string): ApprovalPage => ({
    ...page,
    client: { name: `${value} name`, builtIn: page.client.builtIn },
    device: { name: value, os: value, client: value },
    addresses: { browser: value, program: page.addresses.program === null ? null : value },
    account: { name: value, email: value },
    phrase: value,
    request: value,
    userCode: value,
    destination: value,
    ...(page.path === null ? {} : { path: value }),
  })

  test("markup in any value is shown as text and changes nothing else of the page", async () => {
    const marked = await htmlOf(filledWith(MARKUP))
    expect(marked).not.toContain(MARKUP)
    expect(marked.replaceAll(ESCAPED, "plain")).toBe(await htmlOf(filledWith("plain")))
  })

  test("there is neither script nor style in the page", async () => {
    expect(await htmlOf(page)).not.toMatch(/<script|<style| style=| on[a-z]+=/i)
  })
})
