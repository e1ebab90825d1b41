import { App, AppPage, ChainList, MAX_BODY_BYTES } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { type AdminApiUnderTest, dataIn, expectRefusal, openAdminApiUnderTest } from "./testing.ts"

let api: AdminApiUnderTest
onEachDatabase(({ env }) => {
  beforeAll(async () => {
    api = await openAdminApiUnderTest(await env())
  })
  afterAll(() => api.close())

  const create = (name: string, bearer = api.ada.token) =>
    dataIn(api.call("POST", "/v1/apps", { bearer, body: { name, chainNetworks: ["ETH_MAINNET"] } }), App, 201)

  describe("apps", () => {
    test("are made, read, changed and deleted", async () => {
      const made = await dataIn(
        api.call("POST", "/v1/apps", {
          body: {
            name: "First",
            description: "one",
            chainNetworks: ["ETH_MAINNET", "BASE_MAINNET", "ETH_MAINNET"],
            products: ["rpc"],
            unknown: 1,
          },
        }),
        App,
        201,
      )
      expect(made).toMatchObject({ name: "First", description: "one", products: ["rpc"] })
      expect(made.chainNetworks.map(({ id }) => id)).toEqual(["ETH_MAINNET", "BASE_MAINNET"])
      expect(made.chainNetworks[0]).toMatchObject({
        networkChainId: 1,
        rpcUrl: `https://eth-mainnet.g.alchemy.com/v2/${made.apiKey}`,
      })
      expect(await dataIn(api.call("GET", `/v1/apps/${made.id}`), App)).toEqual(made)
      const changed = await dataIn(
        api.call("PATCH", `/v1/apps/${made.id}`, { body: { name: "Second" } }),
        App,
      )
      expect(changed).toEqual({ ...made, name: "Second" })
      const cleared = await dataIn(
        api.call("PATCH", `/v1/apps/${made.id}`, { body: { description: "" } }),
        App,
      )
      expect(cleared).not.toHaveProperty("description")
      expect((await api.call("DELETE", `/v1/apps/${made.id}`)).status).toBe(204)
      await expectRefusal(api.call("GET", `/v1/apps/${made.id}`), 404, "not_found")
      await expectRefusal(api.call("DELETE", `/v1/apps/${made.id}`), 404, "not_found")
    })

    test("another account's are as if they were not", async () => {
      const { id } = await create("Hers", api.grace.token)
      await expectRefusal(api.call("GET", `/v1/apps/${id}`), 404, "not_found")
      await expectRefusal(api.call("PATCH", `/v1/apps/${id}`, { body: { name: "Mine" } }), 404, "not_found")
      await expectRefusal(api.call("DELETE", `/v1/apps/${id}`), 404, "not_found")
      const { apps } = await dataIn(api.call("GET", "/v1/apps", { bearer: api.grace.token }), AppPage)
      expect(apps.map(({ name }) => name)).toEqual(["Hers"])
    })

    test("are listed page by page, each once, also when one is deleted in between and all are of one moment", async () => {
      const bearer = (await api.signedIn("pages@example.com", "Pages")).token
      const made = []
      for (let index = 0; index < 7; index++) {
        made.push(await create(`App ${index}`, bearer))
        if (index > 3) api.clock.now += 1
      }
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const query: string = cursor === undefined ? "limit=3" : `limit=3&cursor=${cursor}`
        const page = await dataIn(api.call("GET", `/v1/apps?${query}`, { bearer }), AppPage)
        seen.push(...page.apps.map(({ id }) => id))
        if (cursor === undefined) await api.call("DELETE", `/v1/apps/${page.apps[2]?.id}`, { bearer })
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(seen.toSorted()).toEqual(made.map(({ id }) => id).toSorted())
      const all = await dataIn(api.call("GET", "/v1/apps", { bearer }), AppPage)
      expect(all.apps).toHaveLength(6)
      expect(all).not.toHaveProperty("cursor")
    })

    test.each([
      ["limit=0", /^limit: must be/],
      ["limit=101", /^limit: must be/],
      ["limit=ten", /^limit: must be/],
      ["cursor=nonsense", /^cursor: must be/],
      ["limit=1&limit=2", /^limit: must be there once/],
    ])("`GET /v1/apps?%s` is refused, naming the parameter", async (query, message) => {
      await expectRefusal(api.call("GET", `/v1/apps?${query}`), 400, "invalid_request", message)
    })

    const good = { name: "x", chainNetworks: ["ETH_MAINNET"] }
    test.each<[string, unknown, RegExp]>([
      ["malformed JSON", "{", /JSON/],
      ["a list", [], /JSON object/],
      ["no name", { chainNetworks: ["ETH_MAINNET"] }, /^name: is required/],
      ["an empty name", { ...good, name: "" }, /^name: must not be empty/],
      ["a number for a name", { ...good, name: 1 }, /^name: must be a string/],
      ["a long name", { ...good, name: "x".repeat(101) }, /^name: must be at most 100/],
      ["no network", { ...good, chainNetworks: [] }, /^chainNetworks: must name at least one/],
      ["an unknown network", { ...good, chainNetworks: ["MOON"] }, /^chainNetworks: .*"MOON"/],
      ["a wrong entry", { ...good, chainNetworks: [1] }, /^chainNetworks\.0: must be a string/],
      ["a long description", { ...good, description: "x".repeat(501) }, /^description: must be at most 500/],
    ])("%s is refused, naming the field", async (_what, body, message) => {
      await expectRefusal(api.call("POST", "/v1/apps", { body }), 400, "invalid_request", message)
    })

    test("an update that changes nothing says what it takes", async () => {
      const { id } = await create("Same")
      await expectRefusal(api.call("PATCH", `/v1/apps/${id}`, { body: {} }), 400, "invalid_request", /`name`/)
    })

    test("S29 wrong content types, encodings and sizes are refused", async () => {
      const wrong = (headers: object) => api.call("POST", "/v1/apps", { body: good, headers })
      await expectRefusal(wrong({ "content-type": "text/plain" }), 415, "unsupported_media_type")
      await expectRefusal(wrong({ "content-encoding": "gzip" }), 415, "unsupported_media_type")
      const large = api.call("POST", "/v1/apps", { body: { ...good, more: "x".repeat(MAX_BODY_BYTES) } })
      await expectRefusal(large, 413, "payload_too_large")
    })

    test("U+0000 in a text is no fault of the server", async () => {
      const made = await create("nul \0 name")
      expect(made.name).toMatch(/^nul [\0\uFFFD] name$/)
      await expectRefusal(api.call("GET", "/v1/apps/app_%00"), 404, "not_found")
      const cursor = Buffer.from(JSON.stringify(["\0", "\0"])).toString("base64url")
      expect((await api.call("GET", `/v1/apps?cursor=${cursor}`)).status).toBe(200)
    })

    test("S31 `__proto__` and its kin are ignored", async () => {
      const body =
        '{"name":"x","chainNetworks":["ETH_MAINNET"],"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
      await dataIn(api.call("POST", "/v1/apps", { body }), App, 201)
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    })
  })

  test("the known networks are listed", async () => {
    const { chains } = await dataIn(api.call("GET", "/v1/chains"), ChainList)
    expect(chains.length).toBeGreaterThan(10)
    expect(chains[0]).toMatchObject({ id: "ETH_MAINNET", networkChainId: 1 })
  })
})
