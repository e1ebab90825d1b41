import { ALLOWLISTS, type Allowlist, App, AppPage, MAX_BODY_BYTES } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { type AdminApiUnderTest, dataIn, expectRefusal, openAdminApiUnderTest } from "./testing.ts"

const ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
const ENTRIES: Record<Allowlist, [first: object, second: object]> = {
  "address-allowlist": [
    { name: "Treasury", value: ADDRESS },
    { value: "vines1vzrYbzLMRdu58ou5XTby4qAqVRLmqo36NKPTg" },
  ],
  "origin-allowlist": [{ name: "Site", value: "https://*.example.com" }, { value: "http://localhost:3000" }],
  "ip-allowlist": [{ name: "Office \0 <b>", value: "203.0.113.0/24" }, { value: "2001:db8::1" }],
}
const lists = Object.entries(ALLOWLISTS) as [Allowlist, (typeof ALLOWLISTS)[Allowlist]][]
/** Every path with a body that it takes. */
const CALLS: readonly [segment: string, body: Record<string, unknown[]>][] = [
  ["networks", { chainNetworks: ["BASE_MAINNET"] }],
  ...lists.map(([segment, field]): [string, Record<string, unknown[]>] => [
    segment,
    { [field]: ENTRIES[segment] },
  ]),
]

let api: AdminApiUnderTest
onEachDatabase(({ env }) => {
  beforeAll(async () => {
    api = await openAdminApiUnderTest(await env())
  })
  afterAll(() => api.close())

  const create = (bearer = api.ada.token) => {
    const body = { name: "App", description: "one", chainNetworks: ["ETH_MAINNET"], products: ["rpc"] }
    return dataIn(api.call("POST", "/v1/apps", { bearer, body }), App, 201)
  }
  const put = (
    id: string,
    segment: string,
    body: unknown,
    options: { bearer?: string; headers?: object } = {},
  ) => api.call("PUT", `/v1/apps/${id}/${segment}`, { body, ...options })
  const read = (id: string, bearer = api.ada.token) =>
    dataIn(api.call("GET", `/v1/apps/${id}`, { bearer }), App)

  /** The entity tag of an answer. */
  const tagOf = async (answer: Promise<Response>) => {
    const { status, headers } = await answer
    const tag = headers.get("etag") ?? ""
    expect({ status, tag }).toEqual({ status: 200, tag: expect.stringMatching(/^"[\w-]{22}"$/) })
    return tag
  }

  test("a tag is of the whole app: each list and its name make another", async () => {
    const { id } = await create()
    const app = () => tagOf(api.call("GET", `/v1/apps/${id}`))
    const tags = [await app()]
    for (const [segment, body] of CALLS) tags.push(await tagOf(put(id, segment, body)))
    await api.call("PATCH", `/v1/apps/${id}`, { body: { name: "nul \0 name" } })
    const headers = { "if-match": await app() }
    expect(new Set([...tags, headers["if-match"]]).size).toBe(tags.length + 1)
    const named = put(id, "networks", { chainNetworks: ["ETH_MAINNET"] }, { headers })
    expect((await named).status).toBe(200)
  })

  test("`networks` takes the place of all that the app has, each once, and of nothing else", async () => {
    const [made, other] = [await create(), await create()]
    const body = { chainNetworks: ["SOLANA_MAINNET", "BASE_MAINNET", "SOLANA_MAINNET"], name: "ignored" }
    const changed = await dataIn(put(made.id, "networks", body), App)
    expect(changed.chainNetworks.map(({ id }) => id)).toEqual(["SOLANA_MAINNET", "BASE_MAINNET"])
    expect(changed.chainNetworks[1]?.rpcUrl).toBe(`https://base-mainnet.g.alchemy.com/v2/${made.apiKey}`)
    expect({ ...changed, chainNetworks: made.chainNetworks }).toEqual(made)
    expect(await read(made.id)).toEqual(changed)
    expect(await read(other.id)).toEqual(other)
  })

  describe.each(lists)("`%s`", (segment, field) => {
    const [first, second] = ENTRIES[segment]

    test("is kept as it was sent, replaced as a whole, and gone when it is empty", async () => {
      const [made, other] = [await create(), await create()]
      expect(made).not.toHaveProperty(field)
      const sent = [{ ...first, unknown: 1 }, second]
      expect(await dataIn(put(made.id, segment, { [field]: sent, name: "ignored" }), App)).toEqual({
        ...made,
        [field]: [first, second],
      })
      expect(await read(made.id)).toEqual({ ...made, [field]: [first, second] })
      expect(await read(other.id)).toEqual(other)
      await dataIn(put(made.id, segment, { [field]: [second] }), App)
      const { apps } = await dataIn(api.call("GET", "/v1/apps?limit=100"), AppPage)
      expect(apps.find(({ id }) => id === made.id)).toEqual({ ...made, [field]: [second] })
      expect(await dataIn(put(made.id, segment, { [field]: [] }), App)).toEqual(made)
    })

    test("refuses what is no such list, naming the field, and changes nothing", async () => {
      const made = await create()
      const before = await dataIn(put(made.id, segment, { [field]: [first] }), App)
      const refusals: [body: unknown, message: RegExp][] = [
        ["{", /JSON/],
        [[second], /JSON object/],
        [{}, new RegExp(`^${field}: is required`)],
        [{ entries: [] }, new RegExp(`^${field}: is required`)],
        [{ [field]: null }, new RegExp(`^${field}: must be a list`)],
        [{ [field]: "x" }, new RegExp(`^${field}: must be a list`)],
        [{ [field]: ["x"] }, new RegExp(`^${field}\\.0: must be an object`)],
        [{ [field]: [second, {}] }, new RegExp(`^${field}\\.1\\.value: is required`)],
        [{ [field]: [{ value: 1 }] }, new RegExp(`^${field}\\.0\\.value: must be a string`)],
        [{ [field]: [{ value: "" }] }, new RegExp(`^${field}\\.0\\.value: must not be empty`)],
        [{ [field]: [{ value: "x".repeat(257) }] }, new RegExp(`^${field}\\.0\\.value: must be at most 256`)],
        [{ [field]: [{ ...second, name: "" }] }, new RegExp(`^${field}\\.0\\.name: must not be empty`)],
        [
          { [field]: [{ ...second, name: "x".repeat(65) }] },
          new RegExp(`^${field}\\.0\\.name: must be at most 64`),
        ],
        [{ [field]: [second, { value: "two words" }] }, new RegExp(`^${field}\\.1\\.value: must be `)],
        [{ [field]: [second, first, second] }, new RegExp(`^${field}\\.2\\.value: must be in the list once`)],
        [
          { [field]: Array.from({ length: 101 }, () => second) },
          new RegExp(`^${field}: must have at most 100`),
        ],
      ]
      for (const [body, message] of refusals)
        await expectRefusal(put(made.id, segment, body), 400, "invalid_request", message)
      expect(await read(made.id)).toEqual(before)
    })
  })

  test("the lists of one app stand beside each other", async () => {
    const made = await create()
    for (const [segment, body] of CALLS) expect((await put(made.id, segment, body)).status).toBe(200)
    const changed = await api.call("PATCH", `/v1/apps/${made.id}`, { body: { name: "Second" } })
    expect(await dataIn(Promise.resolve(changed), App)).toMatchObject({
      name: "Second",
      chainNetworks: [{ id: "BASE_MAINNET" }],
      ...Object.fromEntries(lists.map(([segment, field]) => [field, ENTRIES[segment]])),
    })
  })

  test.each<[unknown, RegExp]>([
    [{}, /^chainNetworks: is required/],
    [{ chainNetworks: [] }, /^chainNetworks: must name at least one/],
    [{ chainNetworks: "ETH_MAINNET" }, /^chainNetworks: must be a list/],
    [{ chainNetworks: [1] }, /^chainNetworks\.0: must be a string/],
    [{ chainNetworks: ["BASE_MAINNET", "MOON"] }, /^chainNetworks: .*there is no "MOON"$/],
    [{ chainNetworks: ["__proto__"] }, /^chainNetworks: .*there is no "__proto__"$/],
  ])("`networks` refuses %j, naming the field, and changes nothing", async (body, message) => {
    const made = await create()
    await expectRefusal(put(made.id, "networks", body), 400, "invalid_request", message)
    expect(await read(made.id)).toEqual(made)
  })

  describe.each(CALLS)("`PUT /v1/apps/:id/%s`", (segment, body) => {
    test("another account's app is as if it were not, and stays as it is", async () => {
      const hers = await create(api.grace.token)
      await expectRefusal(put(hers.id, segment, body), 404, "not_found", /no such app/)
      expect(await read(hers.id, api.grace.token)).toEqual(hers)
      await expectRefusal(put("app_none", segment, body), 404, "not_found", /no such app/)
      await expectRefusal(put("app_%00", segment, body), 404, "not_found", /no such app/)
    })

    test("with If-Match it changes what is still as it was read, and nothing else", async () => {
      const { id } = await create()
      const tag = await tagOf(api.call("GET", `/v1/apps/${id}`))
      const later = await tagOf(put(id, segment, body, { headers: { "if-match": tag } }))
      expect(later).not.toBe(tag)
      expect(await tagOf(api.call("GET", `/v1/apps/${id}`))).toBe(later)
      const before = await read(id)
      for (const stale of [tag, `W/${later}`, "nonsense"]) {
        const refused = put(id, segment, body, { headers: { "if-match": stale } })
        await expectRefusal(refused, 409, "conflict", /no longer as it was read/)
      }
      expect(await read(id)).toEqual(before)
      for (const good of ["*", `"other", ${later}`]) {
        expect((await put(id, segment, body, { headers: { "if-match": good } })).status).toBe(200)
      }
      const none = put("app_none", segment, body, { headers: { "if-match": "*" } })
      await expectRefusal(none, 404, "not_found", /no such app/)
    })

    test("of ten at once with one tag, one goes through", async () => {
      const { id } = await create()
      const headers = { "if-match": await tagOf(api.call("GET", `/v1/apps/${id}`)) }
      const answers = await Promise.all(Array.from({ length: 10 }, () => put(id, segment, body, { headers })))
      const statuses = answers.map(({ status }) => status).toSorted()
      expect(statuses).toEqual([200, ...new Array(9).fill(409)])
    })

    test("S29 wrong content types, encodings and sizes are refused; no credential is 401, another method 405", async () => {
      const { id } = await create()
      const wrong = (headers: object) => put(id, segment, body, { headers })
      await expectRefusal(wrong({ "content-type": "text/plain" }), 415, "unsupported_media_type")
      await expectRefusal(wrong({ "content-encoding": "gzip" }), 415, "unsupported_media_type")
      const large = put(id, segment, { ...body, more: "x".repeat(MAX_BODY_BYTES) })
      await expectRefusal(large, 413, "payload_too_large")
      await expectRefusal(put(id, segment, body, { bearer: "" }), 401, "invalid_token")
      const response = await expectRefusal(
        api.call("GET", `/v1/apps/${id}/${segment}`),
        405,
        "method_not_allowed",
      )
      expect(response.headers.get("allow")).toBe("PUT")
    })
  })
})
