import { AccessKeyCreated, Me } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AdminApiUnderTest, dataIn, expectRefusal, openAdminApiUnderTest } from "./testing.ts"

let api: AdminApiUnderTest
beforeAll(async () => {
  api = await openAdminApiUnderTest()
})
afterAll(() => api.close())

describe("who calls", () => {
  test("`GET /v1/me` says the account and the session", async () => {
    const me = await dataIn(api.call("GET", "/v1/me"), Me)
    expect(me.account).toMatchObject({ email: "ada@example.com", name: "Ada" })
    expect(me.credential).toMatchObject({
      type: "session",
      session: { id: api.ada.session.id, current: true, device: { name: "laptop", os: "Linux" } },
    })
  })

  test.each([
    ["nothing", ""],
    ["junk", "junk"],
    ["a token that never was", "alchemy_at_0000000000000000000000000000000000000000000000000000000000"],
  ])("S47 %s is 401 in the same words", async (_what, bearer) => {
    const response = await expectRefusal(api.call("GET", "/v1/me", { bearer }), 401, "invalid_token")
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/)
  })

  test("S46 an ended session is refused on the next call", async () => {
    const { token } = await api.anotherSession(api.ada.session.accountId)
    expect((await api.call("GET", "/v1/me", { bearer: token })).status).toBe(200)
    await api.services.tokens.revoke(token)
    await expectRefusal(api.call("GET", "/v1/me", { bearer: token }), 401, "invalid_token")
  })

  test("S28 a credential in the query is refused, also beside a good one", async () => {
    for (const bearer of ["", api.ada.token]) {
      const answer = api.call("GET", `/v1/me?access_token=${api.ada.token}`, { bearer })
      await expectRefusal(answer, 400, "invalid_request", /^access_token must not be in the query/)
    }
  })

  test("Basic is no credential here", async () => {
    const basic = { authorization: `Basic ${btoa(`x:${api.ada.token}`)}` }
    await expectRefusal(api.call("GET", "/v1/me", { bearer: "", headers: basic }), 401, "invalid_token")
  })

  test("unknown paths ask for a credential first, then are 404; wrong methods are 405", async () => {
    await expectRefusal(api.call("GET", "/v1/nothing", { bearer: "" }), 401, "invalid_token")
    await expectRefusal(api.call("GET", "/v1/nothing"), 404, "not_found")
    const response = await expectRefusal(api.call("PUT", "/v1/apps"), 405, "method_not_allowed")
    expect(response.headers.get("allow")).toBe("GET, POST")
  })

  test("S33 a forged Host or forwarded header changes nothing", async () => {
    const headers = { host: "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-for": "1.2.3.4" }
    expect(await (await api.call("GET", "/v1/me", { headers })).text()).not.toContain("evil.example")
  })
})

test("a disabled account's token and key are refused at once", async () => {
  const { token, session } = await api.signedIn("gone@example.com", "Gone")
  const { key } = await dataIn(
    api.call("POST", "/v1/access-keys", { bearer: token, body: { name: "x" } }),
    AccessKeyCreated,
    201,
  )
  await api.services.accounts.administration.disable("gone@example.com")
  expect(await api.services.tokens.verify(token)).toMatchObject({ id: session.id })
  for (const bearer of [token, key])
    await expectRefusal(api.call("GET", "/v1/me", { bearer }), 401, "invalid_token")
})
