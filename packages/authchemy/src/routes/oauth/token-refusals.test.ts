import { GRANT_TYPES } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import {
  askToken,
  basic,
  type Changes,
  CLIENTS,
  codeFor,
  DEVICE_ONLY,
  expectOAuthError,
  formText,
  PLAIN,
  post,
  RESOURCE,
  RESOURCE_SECRET,
} from "./testing.ts"

describe("what is asked wrongly", () => {
  let under: AppUnderTest
  let fields: Record<string, string>
  beforeAll(async () => {
    under = await openAppUnderTest({ clients: CLIENTS })
    fields = await codeFor(under, await under.signIn())
  })
  afterAll(async () => {
    // Nothing of what was refused here has used the code up.
    expect((await askToken(under, fields)).status).toBe(200)
    await under.close()
  })

  const { deviceCode, refreshToken } = GRANT_TYPES
  test.each<[string, Changes, string, RegExp]>([
    ["no grant_type", { grant_type: null }, "invalid_request", /grant_type is missing/],
    ["an empty grant_type", { grant_type: "" }, "invalid_request", /grant_type is missing/],
    ["the password grant", { grant_type: "password" }, "unsupported_grant_type", /grant_type must be/],
    ["client credentials", { grant_type: "client_credentials" }, "unsupported_grant_type", /must be/],
    ["device_code in short", { grant_type: "device_code" }, "unsupported_grant_type", /must be/],
    ["no code", { code: null }, "invalid_request", /code is missing/],
    ["an empty code", { code: "" }, "invalid_request", /code is missing/],
    ["a code that is none", { code: "x" }, "invalid_grant", /unknown/],
    ["a code that never was", { code: `alchemy_ac_${"0".repeat(53)}` }, "invalid_grant", /unknown/],
    ["no device_code", { grant_type: deviceCode }, "invalid_request", /device_code is missing/],
    ["a device code that is none", { grant_type: deviceCode, device_code: "x" }, "invalid_grant", /unknown/],
    ["no refresh_token", { grant_type: refreshToken }, "invalid_request", /refresh_token is missing/],
    ["no refresh token", { grant_type: refreshToken, refresh_token: "x" }, "invalid_grant", /unknown/],
    ["a code by a client without the grant", { client_id: DEVICE_ONLY.id }, "unauthorized_client", /grant/],
    [
      "a refresh by a client without the grant",
      { grant_type: refreshToken, refresh_token: "x", client_id: PLAIN.id },
      "unauthorized_client",
      /refresh_token/,
    ],
    [
      "a poll by a client without the grant",
      { grant_type: deviceCode, device_code: "x", client_id: PLAIN.id },
      "unauthorized_client",
      /device_code/,
    ],
  ])("%s", async (_, changes, error, naming) => {
    await expectOAuthError(askToken(under, { ...fields, ...changes }), 400, error, naming)
  })

  test("a resource server has no grant at all", async () => {
    const headers = basic(RESOURCE.id, RESOURCE_SECRET)
    const refused = askToken(under, { ...fields, client_id: null }, headers)
    await expectOAuthError(refused, 400, "unauthorized_client")
  })

  test.each(["grant_type", "code", "client_id", "code_verifier", "redirect_uri", "unknown"])(
    "S10 %s twice: invalid_request",
    async (name) => {
      const body = `${formText({ ...fields, unknown: "x" })}&${name}=${fields[name] ?? "x"}`
      const refused = under.app.request("/oauth/token", { ...post({}), body })
      await expectOAuthError(refused, 400, "invalid_request", new RegExp(`^${name} is there twice`))
    },
  )

  test("S10 S14 a name that is there twice is not repeated where it is no name", async () => {
    const body = `${formText(fields)}&%3Cb%3E=1&%3Cb%3E=2`
    const refused = under.app.request("/oauth/token", { ...post({}), body })
    await expectOAuthError(refused, 400, "invalid_request", /^A parameter is there twice/)
  })

  test.each(["code", "code_verifier", "client_secret", "refresh_token", "device_code", "client_assertion"])(
    "S28 %s in the query is refused, also beside a good form",
    async (name) => {
      const refused = under.app.request(`/oauth/token?${name}=x`, post(fields))
      await expectOAuthError(refused, 400, "invalid_request", /must not be in the query/)
    },
  )

  test("S28 a form in the query alone is no form", async () => {
    const { code: _code, code_verifier: _verifier, ...rest } = fields
    const refused = under.app.request(`/oauth/token?${formText(rest)}`, post({}))
    await expectOAuthError(refused, 400, "invalid_request", /grant_type is missing/)
  })

  test.each(["application/json", "text/plain", "multipart/form-data; boundary=x", ""])(
    "S29 content type %j: invalid_request",
    async (type) => {
      const refused = askToken(under, fields, { "Content-Type": type })
      await expectOAuthError(refused, 400, "invalid_request", /Content-Type must be/)
    },
  )

  test("S29 a JSON body under the right content type is no form", async () => {
    const refused = under.app.request("/oauth/token", { ...post({}), body: JSON.stringify(fields) })
    await expectOAuthError(refused, 400, "invalid_request", /grant_type is missing/)
  })

  test("S29 over 16 KiB: 413; an encoding, no UTF-8: 400", async () => {
    const padding = { ...fields, padding: "x".repeat(16 * 1024) }
    await expectOAuthError(askToken(under, padding), 413, "invalid_request", /at most 16384 bytes/)
    const gzip = askToken(under, fields, { "Content-Encoding": "gzip" })
    await expectOAuthError(gzip, 400, "invalid_request", /Content-Encoding/)
    const latin = { ...post({}), body: Buffer.from("grant_type=\xff", "latin1") }
    await expectOAuthError(under.app.request("/oauth/token", latin), 400, "invalid_request", /UTF-8/)
  })

  test("S29 S31 thousands of fields, and odd names, change nothing", async () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`f${index}`, ""]))
    await expectOAuthError(askToken(under, many), 400, "invalid_request", /grant_type is missing/)
    const odd = { __proto__x: "1", "constructor.prototype.polluted": "1", "a[b]": "c", grant_type: "x" }
    const body = `${formText(odd)}&__proto__=polluted`
    const refused = under.app.request("/oauth/token", { ...post({}), body })
    await expectOAuthError(refused, 400, "unsupported_grant_type")
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test("takes POST only, and says so in its own words", async () => {
    const response = await under.app.request("/oauth/token")
    await expectOAuthError(response, 405, "method_not_allowed")
    expect(response.headers.get("allow")).toBe("POST")
  })
})
