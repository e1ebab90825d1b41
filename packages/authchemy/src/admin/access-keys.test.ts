import { AccessKeyCreated, AccessKeyList, Me } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { type AdminApiUnderTest, dataIn, expectRefusal, openAdminApiUnderTest } from "./testing.ts"

let api: AdminApiUnderTest
onEachDatabase(({ env }) => {
  beforeAll(async () => {
    api = await openAdminApiUnderTest(await env())
  })
  afterAll(() => api.close())

  describe("access keys", () => {
    test("are shown once, work until they are deleted, and are kept as a digest", async () => {
      const created = await dataIn(
        api.call("POST", "/v1/access-keys", { body: { name: "CI" } }),
        AccessKeyCreated,
        201,
      )
      const bearer = created.key
      expect(bearer).toMatch(/^alchemy_ak_/)
      const me = await dataIn(api.call("GET", "/v1/me", { bearer }), Me)
      expect(me).toMatchObject({
        account: { email: "ada@example.com" },
        credential: { type: "access_key", accessKey: { id: created.id, name: "CI" } },
      })
      const listed = await api.call("GET", "/v1/access-keys", { bearer })
      const text = await listed.clone().text()
      expect(text).not.toContain(bearer)
      const { accessKeys } = await dataIn(Promise.resolve(listed), AccessKeyList)
      expect(accessKeys[0]).toMatchObject({
        id: created.id,
        lastUsedAt: new Date(api.clock.now).toISOString(),
      })
      const rows = await api.services.database.selectFrom("access_key").selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(bearer.slice(15, 58))
      await expectRefusal(
        api.call("DELETE", `/v1/access-keys/${created.id}`, { bearer: api.grace.token }),
        404,
        "not_found",
      )
      expect((await api.call("DELETE", `/v1/access-keys/${created.id}`)).status).toBe(204)
      await expectRefusal(api.call("GET", "/v1/me", { bearer }), 401, "invalid_token")
    })

    test("their last use is noted once a minute", async () => {
      const body = { name: "often" }
      const { id, key } = await dataIn(api.call("POST", "/v1/access-keys", { body }), AccessKeyCreated, 201)
      const lastUsed = async () => {
        await api.call("GET", "/v1/me", { bearer: key })
        const { accessKeys } = await dataIn(api.call("GET", "/v1/access-keys"), AccessKeyList)
        return Date.parse(accessKeys.find((one) => one.id === id)?.lastUsedAt ?? "")
      }
      const first = api.clock.now
      expect(await lastUsed()).toBe(first)
      api.clock.now = first + 59_999
      expect(await lastUsed()).toBe(first)
      api.clock.now = first + 60_000
      expect(await lastUsed()).toBe(first + 60_000)
    })

    test("one with an expiry dies then", async () => {
      const body = { name: "short", expiresInSeconds: 60 }
      const { key, expiresAt } = await dataIn(
        api.call("POST", "/v1/access-keys", { body }),
        AccessKeyCreated,
        201,
      )
      expect(Date.parse(expiresAt ?? "")).toBe(api.clock.now + 60_000)
      api.clock.now += 59_000
      expect((await api.call("GET", "/v1/me", { bearer: key })).status).toBe(200)
      api.clock.now += 1_000
      await expectRefusal(api.call("GET", "/v1/me", { bearer: key }), 401, "invalid_token")
    })

    test.each<[unknown, RegExp]>([
      [{}, /^name: is required/],
      [{ name: "x", expiresInSeconds: 59 }, /^expiresInSeconds: must be at least 60/],
      [{ name: "x", expiresInSeconds: 1.5 }, /^expiresInSeconds: must be/],
      [{ name: "x", expiresInSeconds: "60" }, /^expiresInSeconds: must be/],
    ])("%j is refused, naming the field", async (body, message) => {
      await expectRefusal(api.call("POST", "/v1/access-keys", { body }), 400, "invalid_request", message)
    })
  })
})
