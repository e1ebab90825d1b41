import { expect, test } from "vitest"
import { parseGlobalFlags } from "../flags.ts"
import { accessKeys, resolveSettings } from "./settings.ts"

const settingsOf = (
  values: Record<string, unknown>,
  env: Record<string, string> = {},
  raw: Record<string, unknown> = {},
) => {
  const streams = { stdin: {}, stdout: {}, stderr: {} } as Parameters<typeof parseGlobalFlags>[1]
  const context = { env, flags: parseGlobalFlags(raw, { ...streams, env }) }
  return { ...resolveSettings(values, context), keys: accessKeys(values, context) }
}

test("where nothing is said, the defaults say so", () => {
  expect(settingsOf({})).toMatchObject({
    authUrl: "https://auth.alchemy.com",
    adminUrl: "https://admin-api.alchemy.com",
    origins: { authUrl: "default", adminUrl: "default" },
    accessKey: null,
    keys: [],
  })
})

test.each([
  [{ authUrl: "https://flag.example" }, "https://flag.example", "--auth-url"],
  [{}, "https://env.example", "ALCHEMY_AUTH_URL"],
])("a URL comes with who named it (%j)", (raw, authUrl, origin) => {
  const values = { "auth-url": "https://file.example" }
  const settings = settingsOf(values, { ALCHEMY_AUTH_URL: "https://env.example" }, raw)
  expect(settings).toMatchObject({ authUrl, origins: { authUrl: origin } })
})

test("the config file comes last, and a bad URL in it is named by its key", () => {
  expect(settingsOf({ "auth-url": "https://file.example" }).origins.authUrl).toBe("config file")
  expect(settingsOf({ "admin-url": "https://file.example" }).origins.adminUrl).toBe("config file")
  expect(() => settingsOf({ "auth-url": "http://file.example" })).toThrow("auth-url in the config file")
  expect(settingsOf({ "auth-url": 7 }).origins.authUrl).toBe("default")
})

test("the admin API of a server on this machine is there too, unless it is named", () => {
  const values = { "auth-url": "http://localhost:4000/base" }
  expect(settingsOf(values)).toMatchObject({
    adminUrl: "http://localhost:4000",
    origins: { adminUrl: "auth URL" },
  })
  const env = { ALCHEMY_ADMIN_API_BASE_URL: "https://admin.example" }
  expect(settingsOf(values, env)).toMatchObject({
    adminUrl: "https://admin.example",
    origins: { adminUrl: "ALCHEMY_ADMIN_API_BASE_URL" },
  })
})

test("access keys stand in the order in which they win", () => {
  const all = settingsOf({ "access-key": "c" }, { ALCHEMY_ACCESS_KEY: "b" }, { accessKey: "a" })
  expect(all.keys).toEqual([
    { key: "a", origin: "--access-key" },
    { key: "b", origin: "ALCHEMY_ACCESS_KEY" },
    { key: "c", origin: "config file" },
  ])
  expect(all.accessKey).toEqual(all.keys[0])
})

test("the admin API in the file belongs to the auth server in the file: no token of another goes there", () => {
  const values = { "auth-url": "https://file.example", "admin-url": "https://admin.file.example" }
  expect(settingsOf(values).adminUrl).toBe("https://admin.file.example")
  expect(settingsOf({ "admin-url": "https://admin.file.example" }).adminUrl).toBe(
    "https://admin.file.example",
  )
  expect(settingsOf(values, {}, { authUrl: "https://flag.example" }).adminUrl).toBe("https://flag.example")
  expect(settingsOf(values, { ALCHEMY_AUTH_URL: "https://env.example" }).adminUrl).toBe("https://env.example")
})
