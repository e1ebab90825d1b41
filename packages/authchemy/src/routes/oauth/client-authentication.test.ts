import { OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import {
  askToken,
  authorization,
  basic,
  type Changes,
  CLIENTS,
  codeFor,
  expectOAuthError,
  NATIVE,
  post,
  WEB,
  WEB_REDIRECT,
  WEB_SECRET,
} from "./testing.ts"

let under: AppUnderTest
let cookie: string
beforeAll(async () => {
  under = await openAppUnderTest({ clients: CLIENTS })
  cookie = await under.signIn()
})
afterAll(() => under.close())

const { id } = WEB
const asForm = (text: string) => new URLSearchParams({ "": text }).toString().slice(1)
const web = () => codeFor(under, cookie, { client_id: id, redirect_uri: WEB_REDIRECT })
const native = () => codeFor(under, cookie)

/** The good credential of `WEB` under another scheme. */
function otherScheme(scheme: string) {
  return { Authorization: basic(id, WEB_SECRET).Authorization.replace("Basic", scheme) }
}

type Attempt = [how: string, headers: Record<string, string>, fields: Changes]

describe("a confidential client", () => {
  test.each<Attempt>([
    ["Basic, form-encoded (RFC 6749 §2.3.1)", basic(id, WEB_SECRET, asForm), { client_id: null }],
    ["Basic, percent-encoded", basic(id, WEB_SECRET, encodeURIComponent), { client_id: null }],
    ["Basic, as it stands (RFC 7617)", basic(id, WEB_SECRET), { client_id: null }],
    ["Basic, and client_id in the form", basic(id, WEB_SECRET, asForm), { client_id: id }],
    ["basic in small letters", otherScheme("basic"), {}],
    ["the form", {}, { client_id: id, client_secret: WEB_SECRET }],
    ["the form, beside a bearer token", otherScheme("Bearer"), { client_secret: WEB_SECRET }],
    ["the id by Basic, the secret in the form", basic(id, ""), { client_secret: WEB_SECRET }],
  ])("proves itself by %s", async (_, headers, fields) => {
    const response = await askToken(under, { ...(await web()), ...fields }, headers)
    expect(response.status).toBe(200)
  })

  test.each<Attempt>([
    ["no secret", {}, { client_id: id }],
    ["an empty secret", {}, { client_id: id, client_secret: "" }],
    ["a wrong secret", {}, { client_id: id, client_secret: "wrong" }],
    ["its secret's digest", {}, { client_id: id, client_secret: WEB.secretDigest }],
    ["its secret and a space", {}, { client_id: id, client_secret: `${WEB_SECRET} ` }],
    ["a wrong secret by Basic", basic(id, "wrong"), {}],
    ["an empty secret by Basic", basic(id, ""), {}],
    ["another client's id by Basic", basic("resource", WEB_SECRET), { client_id: null }],
    ["an unknown id by Basic", basic("nobody", WEB_SECRET), { client_id: null }],
    ["a bearer token", otherScheme("Bearer"), {}],
    ["another scheme", otherScheme("Digest"), {}],
    ["Basic of no base64", { Authorization: "Basic %%%" }, {}],
    ["Basic without a colon", { Authorization: `Basic ${btoa("web")}` }, {}],
    ["Basic without an id", basic("", WEB_SECRET), {}],
    ["Basic alone", { Authorization: "Basic" }, {}],
    ["a client assertion", {}, { client_id: id, client_assertion: "eyJ" }],
    ["nothing at all", {}, { client_id: null }],
  ])("with %s is invalid_client, with a challenge, and nothing is used up", async (_, headers, fields) => {
    const form = await web()
    await expectOAuthError(askToken(under, { ...form, ...fields }, headers), 401, "invalid_client")
    expect((await askToken(under, form, basic(id, WEB_SECRET, asForm))).status).toBe(200)
  })

  test.each<Attempt>([
    ["two ids", basic(id, WEB_SECRET, asForm), { client_id: NATIVE.id }],
    ["its secret in both places", basic(id, WEB_SECRET, asForm), { client_secret: WEB_SECRET }],
    ["a secret and no id", {}, { client_id: null, client_secret: WEB_SECRET }],
  ])("with %s is invalid_request", async (_, headers, fields) => {
    await expectOAuthError(askToken(under, { ...(await web()), ...fields }, headers), 400, "invalid_request")
  })
})

describe("a public client", () => {
  test.each<Attempt>([
    ["client_id alone", {}, {}],
    ["an empty secret in the form", {}, { client_secret: "" }],
    ["Basic with an empty secret", basic(NATIVE.id, ""), { client_id: null }],
    ["client_id beside a bound token", { Authorization: "DPoP x" }, {}],
    ["Basic with an empty secret, and client_id", basic(NATIVE.id, ""), {}],
  ])("is known by %s", async (_, headers, fields) => {
    expect((await askToken(under, { ...(await native()), ...fields }, headers)).status).toBe(200)
  })

  test.each<Attempt>([
    ["a secret in the form", {}, { client_secret: "x" }],
    ["a secret by Basic", basic(NATIVE.id, "x"), {}],
    ["an unknown id", {}, { client_id: "nobody" }],
    ["an id that cannot be one", {}, { client_id: "a b\u0000" }],
    ["another spelling of its id", {}, { client_id: "NATIVE" }],
    ["no id", {}, { client_id: null }],
  ])("with %s is invalid_client", async (_, headers, fields) => {
    await expectOAuthError(
      askToken(under, { ...(await native()), ...fields }, headers),
      401,
      "invalid_client",
    )
  })
})

test("a secret is in no answer, and not in the log", async () => {
  const answer = await askToken(under, { ...(await web()), client_secret: `${WEB_SECRET}x` })
  expect(await answer.text()).not.toContain(WEB_SECRET)
  expect(under.log.join("")).not.toContain(WEB_SECRET)
  expect(under.log.join("")).toContain(OAUTH_PATHS.token)
})

describe.each([
  [OAUTH_PATHS.pushedAuthorizationRequest, authorization({ client_id: null }).parameters],
  [OAUTH_PATHS.deviceAuthorization, {}],
  [OAUTH_PATHS.introspect, { token: "x" }],
])("%s", (path, parameters) => {
  const ask = (fields: Changes, headers: Record<string, string> = {}) =>
    under.app.request(path, post({ ...parameters, ...fields }, headers))

  test.each<Attempt>([
    ["nobody", {}, {}],
    ["an unknown client", {}, { client_id: "nobody" }],
    ["a confidential one without its secret", {}, { client_id: id }],
    ["a wrong secret", basic(id, "wrong"), {}],
    ["a public one with a secret", basic(NATIVE.id, "x"), {}],
  ])("asked by %s: invalid_client", async (_, headers, fields) => {
    await expectOAuthError(ask(fields, headers), 401, "invalid_client")
  })

  test("S10 S28 S29 keeps to the rules of a form", async () => {
    const twice = { ...post({}), body: "client_id=native&client_id=native" }
    await expectOAuthError(under.app.request(path, twice), 400, "invalid_request", /client_id is there twice/)
    const query = under.app.request(`${path}?client_secret=x`, post({ client_id: NATIVE.id }))
    await expectOAuthError(query, 400, "invalid_request", /query/)
    await expectOAuthError(ask({}, { "Content-Type": "application/json" }), 400, "invalid_request")
    await expectOAuthError(ask({ padding: "x".repeat(16 * 1024) }), 413, "invalid_request")
  })
})
