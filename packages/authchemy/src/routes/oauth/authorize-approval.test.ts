import { approvalPhraseOf, codeChallengeOf } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, form, ISSUER, openAppUnderTest, sealedRequestIn } from "../testing.ts"
import {
  askToken,
  authorization,
  type Changes,
  CLIENTS,
  codeFor,
  decide,
  formText,
  locationOf,
  open,
  PLAIN,
  SCHEME,
  SCHEME_REDIRECT,
  signedIn,
  statusWith,
  tokensIn,
  WEB,
  WEB_BASIC,
  WEB_REDIRECT,
} from "./testing.ts"

let under: AppUnderTest
let cookie: string
beforeAll(async () => {
  under = await openAppUnderTest({ clients: CLIENTS })
  cookie = await under.signIn()
})
afterAll(() => under.close())

async function pageFor(changes: Changes = {}) {
  const { parameters, verifier } = authorization(changes)
  const response = await open(under, cookie, formText(parameters))
  expect(response.status).toBe(200)
  return { page: await response.text(), policy: response.headers.get("content-security-policy"), verifier }
}

const answer = (fields: Record<string, string>, headers: Record<string, string> = { Cookie: cookie }) =>
  under.app.request("/oauth/authorize", form(fields, headers))

describe("the approval page", () => {
  test("names the registered program, what it calls itself, its machine, the phrase and the account", async () => {
    const { page, verifier } = await pageFor({ client: "renamed/1", device: "ann-laptop", os: "Linux" })
    for (const shown of ["Native Program", "renamed/1", "ann-laptop", "Linux", "ann@example.com"]) {
      expect(page).toContain(shown)
    }
    expect(page).toContain(approvalPhraseOf(codeChallengeOf(verifier)))
    expect(page).toContain('action="/oauth/authorize"')
  })

  test("says in words what is asked for, and nothing that cannot be had", async () => {
    const words = async (changes: Changes) => {
      const { page } = await pageFor(changes)
      return [...page.matchAll(/<li>([^<]*)<\/li>/g)].map(([, item]) => item)
    }
    const account = "See your name and email address"
    const staySignedIn = expect.stringContaining("Stay signed in")
    expect(await words({ scope: "account:read openid offline_access" })).toEqual([account, staySignedIn])
    const plain = { client_id: PLAIN.id, scope: "account:read offline_access" }
    expect(await words(plain)).toEqual([account])
    const all = await words({ scope: null })
    expect(all).toHaveLength(5)
    expect(all).not.toContainEqual(staySignedIn)
  })

  test.each([
    [{}, "http://127.0.0.1:51004"],
    [{ redirect_uri: "http://[::1]:7/cb" }, "http:"],
    [{ client_id: WEB.id, redirect_uri: WEB_REDIRECT }, "https://web.example"],
    [{ client_id: SCHEME.id, redirect_uri: SCHEME_REDIRECT }, "com.example.app:"],
  ])(
    "S13 S20 with %j it lets its form lead to %s only, is in no frame, and is not kept",
    async (changes, target) => {
      const { parameters } = authorization(changes)
      const { headers } = await open(under, cookie, formText(parameters))
      const policy = headers.get("content-security-policy") ?? ""
      expect(policy.split("; ")).toContain(`form-action 'self' ${target}`)
      expect(policy).toContain("frame-ancestors 'none'")
      expect(headers.get("x-frame-options")).toBe("DENY")
      expect(headers.get("cache-control")).toBe("no-store")
      expect(headers.get("referrer-policy")).toBe("no-referrer")
    },
  )

  test("of a web site shows where the answer leads, and no phrase that nobody could compare", async () => {
    const { page, verifier } = await pageFor({ client_id: WEB.id, redirect_uri: WEB_REDIRECT })
    expect(page).toMatch(/You will be sent to <bdi>web\.example<\/bdi>/)
    expect(page).not.toContain(approvalPhraseOf(codeChallengeOf(verifier)))
  })

  test("S14 markup in claims and scopes is shown as text", async () => {
    const markup = `<img src=x onerror="alert(1)">`
    const { page } = await pageFor({ client: markup, device: markup, os: markup, scope: `account:read <b>` })
    expect(page).not.toMatch(/<img src=x|<b>/)
    expect(page.match(/&lt;img src=x/g)).toHaveLength(3)
  })
})

describe("the answer", () => {
  test("S12 S19 approved: 303 to the redirect target with code, state and iss", async () => {
    const response = await decide(under, cookie, (await pageFor()).page)
    const { href, searchParams } = locationOf(response)
    expect(href).toMatch(/^http:\/\/127\.0\.0\.1:51004\/cb\?code=alchemy_ac_/)
    expect([...searchParams.keys()]).toEqual(["code", "state", "iss"])
    expect(searchParams.get("state")).toBe("st4te")
    expect(searchParams.get("iss")).toBe(ISSUER)
  })

  test("S12 S19 denied: 303 with access_denied, state and iss, and no code", async () => {
    const { searchParams } = locationOf(await decide(under, cookie, (await pageFor()).page, "deny"))
    expect([...searchParams.keys()]).toEqual(["error", "error_description", "state", "iss"])
    expect(searchParams.get("error")).toBe("access_denied")
    expect(searchParams.get("iss")).toBe(ISSUER)
  })

  test("leads to a private-use scheme, and to a target with a query", async () => {
    const scheme = await pageFor({ client_id: SCHEME.id, redirect_uri: SCHEME_REDIRECT })
    expect(locationOf(await decide(under, cookie, scheme.page)).href).toMatch(
      /^com\.example\.app:\/cb\?code=/,
    )
    const web = await pageFor({ client_id: WEB.id, redirect_uri: WEB_REDIRECT })
    const { href } = locationOf(await decide(under, cookie, web.page))
    expect(href).toMatch(/^https:\/\/web\.example\/cb\?tenant=1&code=/)
  })

  test("a state that is no UTF-8 comes back byte for byte; none stays none", async () => {
    const { parameters } = authorization({ state: null })
    const query = `${formText(parameters)}&state=%FF%00%c3+%2B`
    const odd = await decide(under, cookie, await (await open(under, cookie, query)).text())
    expect(odd.headers.get("location")).toMatch(/&state=%FF%00%C3%20%2B&iss=/)
    const none = locationOf(await decide(under, cookie, (await pageFor({ state: null })).page))
    expect([...none.searchParams.keys()]).toEqual(["code", "iss"])
  })

  test.each([
    ["no seal", () => ({})],
    ["a changed seal", (sealed: string) => ({ request: `x${sealed}` })],
    ["another seal's signature", (sealed: string) => ({ request: `${swapped(sealed)}` })],
  ])("S16 posted with %s: 403, nothing approved", async (_, change) => {
    const { page } = await pageFor()
    const response = await answer({ decision: "approve", ...change(sealedRequestIn(page)) })
    expect(response.status).toBe(403)
    expect(response.headers.get("location")).toBeNull()
  })

  function swapped(sealed: string): string {
    const [payload = "", mac = ""] = sealed.split(".")
    const request = JSON.parse(Buffer.from(payload, "base64url").toString()) as object
    const changed = { ...request, redirectUri: "http://127.0.0.1:666/cb", clientId: "web" }
    return `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${mac}`
  }

  test.each([
    ["a foreign origin", { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }],
    ["an opaque origin", { Origin: "null", "Sec-Fetch-Site": "cross-site" }],
    ["another port", { Origin: "http://localhost:4001", "Sec-Fetch-Site": "same-site" }],
  ])("S16 posted from %s: 403, nothing approved", async (_, headers) => {
    const fields = { request: sealedRequestIn((await pageFor()).page), decision: "approve" }
    const response = await answer(fields, { Cookie: cookie, ...headers })
    expect(response.status).toBe(403)
    expect(response.headers.get("location")).toBeNull()
  })

  test("S18 approved in browser B what browser A began: refused, for the same account too", async () => {
    const fields = { request: sealedRequestIn((await pageFor()).page), decision: "approve" }
    const others = [await under.signIn("bob@example.com"), await under.signIn(), ""]
    for (const other of others) expect((await answer(fields, { Cookie: other })).status).toBe(403)
    expect((await answer(fields)).status).toBe(303)
  })

  test("a decision that is neither: 400; after ten minutes: 403", async () => {
    const request = sealedRequestIn((await pageFor()).page)
    expect((await answer({ request, decision: "maybe" })).status).toBe(400)
    expect((await answer({ request, decision: "switch" })).status).toBe(400)
    under.clock.now += 600_001
    expect((await answer({ request, decision: "approve" })).status).toBe(403)
  })

  test("of a client that was removed meanwhile: 403, nothing approved", async () => {
    const registration = { id: "brief", name: "Brief", redirectUris: ["http://127.0.0.1/cb"] }
    await under.clients.add({ ...registration, confidential: false })
    const request = sealedRequestIn((await pageFor({ client_id: "brief" })).page)
    await under.clients.remove("brief")
    expect((await answer({ request, decision: "approve" })).status).toBe(403)
  })
})

describe("what was approved", () => {
  test("makes a session of that client, named as it is registered, with the scopes that were shown", async () => {
    const claims = { client: "renamed/1", device: "ann-laptop", os: "Linux" }
    const tokens = await signedIn(under, cookie, { ...claims, scope: "apps:read account:read" })
    expect(tokens.scope).toBe("account:read apps:read")
    expect(await under.tokens.verify(tokens.access_token)).toMatchObject({
      clientId: "native",
      device: { client: "Native Program", name: "ann-laptop", os: "Linux" },
      scopes: ["account:read", "apps:read"],
    })
  })

  test("of the built-in client keeps what it calls itself", async () => {
    const changes = { client_id: "alchemy-cli", redirect_uri: "http://localhost:1/callback" }
    const tokens = await signedIn(under, cookie, { ...changes, client: "alchemy-cli/2" })
    const session = await under.tokens.verify(tokens.access_token)
    expect(session?.device).toEqual({ client: "alchemy-cli/2" })
  })

  test("asking for no scope grants all but offline_access", async () => {
    const tokens = await tokensIn(await askToken(under, await codeFor(under, cookie)))
    expect(tokens.scope).toBe("account:read apps:read apps:write sessions:manage keys:manage")
    expect(tokens).not.toHaveProperty("refresh_token")
    expect(await statusWith(under, tokens.access_token)).toBe(200)
  })

  test("redirect_uri need not be said again, whether it was left out or not", async () => {
    const left = await codeFor(under, cookie, { client_id: WEB.id, redirect_uri: null })
    expect((await askToken(under, left, WEB_BASIC)).status).toBe(200)
    const said = await codeFor(under, cookie, { client_id: WEB.id, redirect_uri: null })
    const fields = { ...said, redirect_uri: WEB_REDIRECT }
    expect((await askToken(under, fields, WEB_BASIC)).status).toBe(200)
    const unsaid = { ...(await codeFor(under, cookie)), redirect_uri: null }
    expect((await askToken(under, unsaid)).status).toBe(200)
  })
})
