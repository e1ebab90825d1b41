import { describe, expect, test } from "vitest"
import { ALCHEMY_CLI, grantNameOf, isClientId, readRegistration } from "./client.ts"

const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
const DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
const redirectUris = ["http://127.0.0.1/callback"]

test("what is left out is filled in", () => {
  expect(readRegistration({ id: "my-cli", name: "My CLI", redirectUris })).toEqual({
    client: {
      id: "my-cli",
      name: "My CLI",
      secretDigest: null,
      redirectUris,
      grants: ["authorization_code", "refresh_token"],
      requireDpop: false,
      resourceServer: false,
    },
  })
  const resourceServer = { id: "api", name: "API", resourceServer: true, secretDigest: DIGEST }
  expect(readRegistration(resourceServer).client).toEqual({
    ...resourceServer,
    redirectUris: [],
    grants: [],
    requireDpop: false,
  })
})

test("what is said twice stands once, and grants have two names", () => {
  const given = { redirectUris: [...redirectUris, ...redirectUris], requireDpop: true }
  const grants = ["device_code", "authorization_code", DEVICE_CODE]
  const { client } = readRegistration({ id: "x", name: "X", ...given, grants })
  expect(client).toMatchObject({
    redirectUris,
    grants: [DEVICE_CODE, "authorization_code"],
    requireDpop: true,
  })
  expect(client?.grants.map(grantNameOf)).toEqual(["device_code", "authorization_code"])
})

test("clients cannot be changed, and the built-in one could be registered", () => {
  const { secretDigest: _, ...builtIn } = ALCHEMY_CLI
  const { client } = readRegistration(builtIn)
  expect(client).toEqual(ALCHEMY_CLI)
  for (const one of [client, client?.redirectUris, client?.grants, ALCHEMY_CLI, ALCHEMY_CLI.redirectUris]) {
    expect(Object.isFrozen(one)).toBe(true)
  }
})

const wrong: [string, object, string, RegExp][] = [
  ["no id", { id: undefined }, "id", /must be a string/],
  ["an empty id", { id: "" }, "id", /1 to 64/],
  ["an id with a space", { id: "my cli" }, "id", /1 to 64/],
  ["an id with a line's end", { id: "my-cli\n" }, "id", /1 to 64/],
  ["an id of 65 characters", { id: "x".repeat(65) }, "id", /1 to 64/],
  ["an empty name", { name: "" }, "name", /one line/],
  ["a name of two lines", { name: "My\nCLI" }, "name", /one line/],
  ["a name that turns the text around", { name: "My \u202eCLI" }, "name", /one line/],
  ["a name of 65 characters", { name: "x".repeat(65) }, "name", /64/],
  ["a redirect URI for a list", { redirectUris: "https://x.example/" }, "redirectUris", /list/],
  ["a bad redirect URI", { redirectUris: [...redirectUris, "http://x.example/"] }, "redirectUris.1", /https/],
  ["a redirect URI that is none", { redirectUris: [7] }, "redirectUris.0", /string/],
  ["many redirect URIs", { redirectUris: Array(21).fill(redirectUris[0]) }, "redirectUris", /at most 20/],
  ["an unknown grant", { grants: ["authorization_code", "password"] }, "grants.1", /device_code/],
  ["a grant of every object", { grants: ["constructor"] }, "grants.0", /device_code/],
  ["no grant", { redirectUris: [], grants: [] }, "grants", /at least one/],
  ["nothing that could give a grant", { redirectUris: [] }, "grants", /at least one/],
  ["refresh_token alone", { redirectUris: [], grants: ["refresh_token"] }, "grants", /beside refresh_token/],
  [
    "authorization_code without a redirect URI",
    { redirectUris: [], grants: ["authorization_code"] },
    "redirectUris",
    /at least one/,
  ],
  ["a redirect URI for nothing", { grants: ["device_code"] }, "redirectUris", /left out/],
  ["a public resource server", { resourceServer: true }, "secretDigest", /is required/],
  ["a flag in words", { requireDpop: "yes" }, "requireDpop", /true or false/],
  ["a short digest", { secretDigest: DIGEST.slice(1) }, "secretDigest", /clients digest/],
  ["a padded digest", { secretDigest: `${DIGEST}=` }, "secretDigest", /clients digest/],
  ["a digest of 258 bits", { secretDigest: `${DIGEST.slice(0, -1)}V` }, "secretDigest", /clients digest/],
  ["a secret", { secret: "hunter22" }, "secret", /authchemy clients digest/],
  ["a field of another name", { requireDPoP: true }, "requireDPoP", /not known.*requireDpop/],
]

describe("refused by the field's name", () => {
  test.each(wrong)("%s", (_what, change, field, message) => {
    const { problems } = readRegistration({ id: "my-cli", name: "My CLI", redirectUris, ...change })
    expect(problems).toEqual([{ field, message: expect.stringMatching(message) }])
    expect(JSON.stringify(problems)).not.toContain("hunter22")
  })

  test("all at once", () => {
    const { problems } = readRegistration({ name: " ", redirectUris: ["x"], grants: ["y"] })
    expect(problems?.map(({ field }) => field)).toEqual(["id", "name", "redirectUris.0", "grants.0"])
    expect(problems?.[0]?.message).toBe("is required")
  })

  test.each([null, [], "client", undefined])("%j is no client", (value) => {
    expect(readRegistration(value).problems?.length).toBeGreaterThan(0)
  })
})

test("ids", () => {
  expect(["a", "x".repeat(64), "A.z_0~-"].every(isClientId)).toBe(true)
  expect(["", "x".repeat(65), "a b", "a\0", "ä", "a/b", "a\n"].some(isClientId)).toBe(false)
})
