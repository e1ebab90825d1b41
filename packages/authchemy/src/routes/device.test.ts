import { randomBytes } from "node:crypto"
import { approvalPhraseOf, codeChallengeOf, codeVerifierFrom, userCodeFrom } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { GUESSES_EACH } from "../limits/user-code-limits.ts"
import {
  CLIENTS,
  type DeviceVisit,
  expectOAuthError,
  formTokenIn,
  poll,
  startDevice,
  visitDevice,
} from "./oauth/testing.ts"
import { type AppUnderTest, form, ISSUER, openAppUnderTest, STORES, sealedRequestIn } from "./testing.ts"

const wrongCode = () => userCodeFrom(randomBytes)

describe.each(STORES)("the device page on %s", (_, store) => {
  let under: AppUnderTest
  let cookies: { ann: string; bob: string }
  let ann: DeviceVisit
  let bob: DeviceVisit
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    cookies = { ann: await under.signIn(), bob: await under.signIn("bob@example.com") }
    ann = visitDevice(under, cookies.ann)
    bob = visitDevice(under, cookies.bob)
  })
  afterAll(() => under.close())

  const show = (query = "", cookie = cookies.ann) =>
    under.app.request(`/device${query}`, { headers: { Cookie: cookie } })
  const post = (fields: Record<string, string>, headers: Record<string, string> = { Cookie: cookies.ann }) =>
    under.app.request("/device", form(fields, headers))
  const expectPoll = async (device_code: string, error: string) => {
    await expectOAuthError(poll(under, device_code), 400, error)
  }
  test("asks for a code; who is not signed in comes back with the code that was in the URL", async () => {
    const response = await show()
    expect(response.status).toBe(200)
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(await response.text()).toContain('name="user_code"')
    const away = await show("?user_code=bcdfghjk", "")
    expect(away.status).toBe(303)
    const { pathname, searchParams } = new URL(away.headers.get("location") ?? "", ISSUER)
    expect(pathname).toBe("/sign-in")
    expect(searchParams.get("return_to")).toBe("/device?user_code=BCDF-GHJK")
    const junk = await show("?user_code=%2F%2Fevil.example", "")
    expect(junk.headers.get("location")).not.toContain("evil")
  })

  test("S40 opened with a code it shows the code and asks; it claims and approves nothing", async () => {
    const { user_code, device_code } = await startDevice(under)
    for (let visits = 0; visits < 3; visits++) {
      const page = await (await show(`?user_code=${user_code}`)).text()
      expect(page).toContain(user_code)
      expect(page).not.toMatch(/name="decision"/)
    }
    await expectPoll(device_code, "authorization_pending")
    // Nothing was claimed: somebody else can still take it.
    expect((await bob.type(user_code)).status).toBe(200)
  })

  test("S40 opening it with wrong codes is no guess, and tells nothing of a code", async () => {
    const { user_code } = await startDevice(under)
    const shown = async (code: string) => {
      const page = await (await show(`?user_code=${code}`)).text()
      return page.replaceAll(code, "CODE").replace(/name="form_token" value="[^"]+"/, "")
    }
    for (let visits = 0; visits < 10; visits++) expect(await shown(wrongCode())).toBe(await shown(user_code))
    expect((await ann.type(user_code)).status).toBe(200)
  })

  test("S41 the approval page says program, machine, address, age, code and phrase, and asks", async () => {
    const code_challenge = codeChallengeOf(codeVerifierFrom(randomBytes))
    const claims = { device: "ann-laptop", os: "Linux", client: "renamed/1", scope: "apps:read" }
    const challenge = { code_challenge, code_challenge_method: "S256" }
    const { user_code } = await startDevice(under, { ...claims, ...challenge }, "192.0.2.99")
    under.clock.now += 120_000
    const response = await ann.type(user_code.toLowerCase().replace("-", " "))
    expect(response.headers.get("x-frame-options")).toBe("DENY")
    const page = await response.text()
    for (const shown of [
      "Native Program",
      "ann-laptop",
      "Linux",
      "192.0.2.99",
      user_code,
      "ann@example.com",
    ]) {
      expect(page).toContain(shown)
    }
    expect(page).toContain(approvalPhraseOf(code_challenge))
    expect(page).toContain("Did you start this?")
    expect(page).toMatch(/2 minutes ago/)
    expect(page).toContain("See your apps")
    expect(page).toMatch(/<dt>Address<\/dt><dd><bdi>192\.0\.2\.99</)
    expect(page).toMatch(/<dt>Browser<\/dt><dd><bdi>203\.0\.113\.7</)
  })

  test("approved: the last page says what and where; a second answer is refused", async () => {
    const { user_code, device_code } = await startDevice(under, { device: "ann-laptop" })
    const page = await (await ann.type(user_code)).text()
    const done = await (await ann.answer(page, "approve")).text()
    expect(done).toContain("Native Program")
    expect(done).toContain("ann-laptop")
    expect((await ann.answer(page, "deny")).status).toBe(400)
    expect((await ann.type(user_code)).status).toBe(400)
    expect((await poll(under, device_code)).status).toBe(200)
  })

  test("denied: the device is told", async () => {
    const { user_code, device_code } = await startDevice(under)
    expect(await (await ann.decide(user_code, "deny")).text()).toContain("Denied")
    await expectPoll(device_code, "access_denied")
  })

  test("S42 what A has claimed B can neither claim nor approve; B's try is no guess", async () => {
    const { user_code, device_code } = await startDevice(under)
    const page = await (await ann.type(user_code)).text()
    for (let tries = 0; tries < 7; tries++) {
      const refused = await bob.type(user_code)
      expect(refused.status).toBe(400)
      expect(await refused.text()).toContain("Another account")
    }
    expect((await bob.answer(page, "approve")).status).toBe(403)
    await expectPoll(device_code, "authorization_pending")
    expect((await ann.answer(page, "approve")).status).toBe(200)
    expect((await poll(under, device_code)).status).toBe(200)
  })

  test("S42 another account: A lets go, is signed out, and B comes to the same code", async () => {
    const cookie = await under.signIn()
    const carol = visitDevice(under, cookie)
    const { user_code, device_code } = await startDevice(under)
    const page = await (await carol.type(user_code)).text()
    const left = await carol.answer(page, "switch")
    expect(left.status).toBe(303)
    const { searchParams } = new URL(left.headers.get("location") ?? "", ISSUER)
    expect(searchParams.get("return_to")).toBe(`/device?user_code=${user_code}`)
    expect((await show("", cookie)).status).toBe(303)
    expect((await bob.decide(user_code, "approve")).status).toBe(200)
    const tokens = (await (await poll(under, device_code)).json()) as { account: { email: string } }
    expect(tokens.account.email).toBe("bob@example.com")
  })

  test("S44 a code that has expired cannot be claimed, and typing it is no guess", async () => {
    const { user_code } = await startDevice(under)
    under.clock.now += 600_000
    for (let tries = 0; tries < 7; tries++) {
      expect(await (await ann.type(user_code)).text()).toContain("expired")
    }
  })

  test("a client that was removed meanwhile cannot be approved", async () => {
    const deviceCode = "device_code"
    await under.clients.add({ id: "brief", name: "Brief", grants: [deviceCode], confidential: false })
    const { user_code } = await startDevice(under, { client_id: "brief" })
    await under.clients.remove("brief")
    const refused = await ann.type(user_code)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain("No terminal waits")
  })

  describe("S16 S18 its forms", () => {
    const claimed = async () =>
      sealedRequestIn(await (await ann.type((await startDevice(under)).user_code)).text())
    const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }

    test("a code typed without the page's token, or from elsewhere: 403, nothing is claimed", async () => {
      const { user_code } = await startDevice(under)
      const form_token = formTokenIn(await (await show()).text())
      expect((await post({ user_code })).status).toBe(403)
      expect((await post({ user_code, form_token: `x${form_token}` })).status).toBe(403)
      expect((await post({ user_code, form_token: await claimed() })).status).toBe(403)
      expect((await post({ user_code, form_token }, { Cookie: cookies.bob })).status).toBe(403)
      expect((await post({ user_code, form_token }, { Cookie: await under.signIn() })).status).toBe(403)
      expect((await post({ user_code, form_token }, { Cookie: cookies.ann, ...foreign })).status).toBe(403)
      expect((await post({ user_code, form_token }, {})).status).toBe(303)
      expect((await bob.type(user_code)).status).toBe(200)
    })

    test("an answer without its seal, with another, from elsewhere or another browser: 403", async () => {
      const { user_code, device_code } = await startDevice(under)
      const request = sealedRequestIn(await (await ann.type(user_code)).text())
      const decision = "approve"
      const form_token = formTokenIn(await (await show()).text())
      for (const wrong of ["", `x${request}`, form_token]) {
        expect((await post({ request: wrong, decision })).status).toBe(403)
      }
      for (const Cookie of [cookies.bob, await under.signIn(), ""]) {
        expect((await post({ request, decision }, { Cookie })).status).toBe(403)
      }
      expect((await post({ request, decision }, { Cookie: cookies.ann, ...foreign })).status).toBe(403)
      expect((await post({ request, decision: "maybe" })).status).toBe(400)
      expect((await post({ request })).status).toBe(400)
      await expectPoll(device_code, "authorization_pending")
      expect((await post({ request, decision })).status).toBe(200)
    })

    test("after ten minutes they are out of date: 403", async () => {
      const request = await claimed()
      const form_token = formTokenIn(await (await show()).text())
      under.clock.now += 600_001
      expect((await post({ request, decision: "approve" })).status).toBe(403)
      expect((await post({ form_token, user_code: wrongCode() })).status).toBe(403)
    })
  })
})

describe("S37 S38 guessing", () => {
  let under: AppUnderTest
  let visits: [DeviceVisit, DeviceVisit]
  beforeAll(async () => {
    under = await openAppUnderTest({ clients: CLIENTS })
    const [ann, bob] = [await under.signIn(), await under.signIn("bob@example.com")]
    visits = [visitDevice(under, ann), visitDevice(under, bob)]
  })
  afterAll(() => under.close())

  /** Every case begins when all guesses are forgotten. */
  const begin = () => {
    under.forgetAttempts()
    return visits
  }
  let addresses = 0
  const elsewhere = () => `198.51.100.${++addresses}`

  async function expectTooMany(response: Response) {
    expect(response.status).toBe(429)
    const seconds = Number(response.headers.get("retry-after"))
    expect(seconds).toBeGreaterThan(500)
    expect(seconds).toBeLessThanOrEqual(600)
    expect(await response.text()).toContain("Too many wrong codes. Try again in 10 minutes.")
  }

  test("S37 one account has so many wrong codes, from however many addresses; then the right one is refused too", async () => {
    const [ann] = begin()
    const { user_code } = await startDevice(under)
    for (let guesses = 0; guesses < GUESSES_EACH; guesses++) {
      const refused = await ann.type(wrongCode(), elsewhere())
      expect(refused.status).toBe(400)
      expect(await refused.text()).toContain("No terminal waits with this code")
    }
    await expectTooMany(await ann.type(user_code, elsewhere()))
    under.forgetAttempts()
    expect((await ann.type(user_code, elsewhere())).status).toBe(200)
  })

  test("S37 one address has as many, from however many accounts; IPv6 by its /64", async () => {
    const [ann, bob] = begin()
    for (let guesses = 0; guesses < GUESSES_EACH; guesses++) {
      const guesser = guesses % 2 === 0 ? ann : bob
      expect((await guesser.type(wrongCode(), `2001:db8::${guesses + 1}`)).status).toBe(400)
    }
    await expectTooMany(await bob.type(wrongCode(), "2001:db8::ffff"))
    expect((await bob.type(wrongCode(), "2001:db8:0:1::1")).status).toBe(400)
  })

  test("S37 a right code between resets none, and takes none off", async () => {
    const [ann] = begin()
    const from = elsewhere()
    for (let guesses = 0; guesses < GUESSES_EACH; guesses++) {
      expect((await ann.type((await startDevice(under)).user_code, from)).status).toBe(200)
      expect((await ann.type(wrongCode(), from)).status).toBe(400)
    }
    await expectTooMany(await ann.type((await startDevice(under)).user_code, from))
  })

  test("S38 200 at once: no more are looked up", async () => {
    const [ann] = begin()
    const answers = await Promise.all(Array.from({ length: 200 }, () => ann.type(wrongCode())))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 400)).toHaveLength(GUESSES_EACH)
    expect(statuses.filter((status) => status === 429)).toHaveLength(200 - GUESSES_EACH)
  })

  test.each(["", "BCDF", "BCDF-GHJA", "1234-5678", "BCDF-GHJK-L", "<b>", "x".repeat(1000)])(
    "the malformed code %j is no guess, and is shown as it was typed",
    async (typed) => {
      const [ann] = begin()
      for (let tries = 0; tries < 7; tries++) {
        const refused = await ann.type(typed)
        expect(refused.status).toBe(400)
        const page = await refused.text()
        expect(page).toContain("A code has eight letters")
        expect(page).not.toContain("<b>")
        expect(page).not.toContain("x".repeat(65))
      }
      expect((await ann.type(wrongCode())).status).toBe(400)
    },
  )
})
