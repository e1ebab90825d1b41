import { chmod, mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { ACCOUNT, newToken, startServer } from "../testing-server.ts"
import { profileNames, profileSection } from "./profile.ts"

const twoProfiles = () => ({
  ...signedInConfig(NOBODY),
  "auth-url": NOBODY,
  app: "app_default",
  profiles: {
    work: { ...signedInConfig("http://127.0.0.1:3"), "auth-url": "http://127.0.0.1:3", app: "app_work" },
  },
})

test("each source of the profile's name outranks the next", async () => {
  const machine = await testMachine({ config: { profile: "file", profiles: {} } })
  const deep = join(machine.home, "code", "app")
  await mkdir(deep, { recursive: true })
  const profileOf = async (argv: string[], env = {}, workingDirectory = deep) => {
    const { json } = await machine.run(["auth", "status", "--offline", ...argv], {
      env,
      context: { workingDirectory },
    })
    return [json.profile, json.profileOrigin]
  }
  expect(await profileOf([])).toEqual(["file", "config file"])
  await writeFile(join(machine.home, "code", ".alchemy.json"), '{ "profile": "directory" }')
  expect(await profileOf([])).toEqual(["directory", "~/code/.alchemy.json"])
  expect(await profileOf([], {}, machine.home)).toEqual(["file", "config file"])
  await writeFile(join(deep, ".alchemy.json"), '{ "app": "another program reads this" }')
  expect(await profileOf([])).toEqual(["directory", "~/code/.alchemy.json"])
  expect(await profileOf([], { ALCHEMY_PROFILE: "variable" })).toEqual(["variable", "ALCHEMY_PROFILE"])
  expect(await profileOf(["--profile", "flag"], { ALCHEMY_PROFILE: "variable" })).toEqual([
    "flag",
    "--profile",
  ])
})

test("a profile has its own server, sign-in and app, and nothing of the default one", async () => {
  const machine = await testMachine({ config: twoProfiles() })
  const status = async (...argv: string[]) => (await machine.run(["setup", "status", ...argv])).json
  expect(await status()).toMatchObject({ authUrl: NOBODY, app: "app_default" })
  expect(await status("--profile", "work")).toMatchObject({ authUrl: "http://127.0.0.1:3", app: "app_work" })
  expect(await status("--profile", "other")).toMatchObject({
    authUrl: "https://auth.alchemy.com",
    app: null,
    signIn: { state: "none" },
  })
})

test("sign-in and sign-out touch their own profile only; what is pending stands once for all", async () => {
  const server = await startServer()
  const machine = await testMachine({ config: { ...twoProfiles(), profiles: {} }, server: server.origin })
  const before = await machine.config()
  await machine.run(["auth", "login", "-y", "--port", "0", "--profile", "work"])
  const { profiles, ...rest } = await machine.config()
  expect(rest).toEqual({ ...before, profiles: undefined })
  expect(profiles).toMatchObject({ work: { auth_token_server: server.origin, auth_token_account: ACCOUNT } })
  await server.stop()
  expect((await machine.run(["auth", "logout", "--profile", "work"])).json).toMatchObject({
    server: "pending",
  })
  expect(await machine.config()).toEqual({
    ...before,
    profiles: { work: {} },
    pending_revocations: [expect.objectContaining({ server: server.origin })],
  })
  expect(machine.detached).toEqual(["auth deliver"])
})

test("status lists the profiles where there are several, by the local record", async () => {
  const machine = await testMachine({ config: twoProfiles(), server: NOBODY })
  const { json } = await machine.run(["auth", "status", "--offline", "--profile", "work"])
  expect(json.profiles).toMatchObject([
    { name: "default", current: false, state: "unverified", server: NOBODY },
    { name: "work", current: true, state: "unverified", server: "http://127.0.0.1:3" },
  ])
  const { stdout } = await machine.run(["auth", "status", "--offline"], { tty: true, columns: 100 })
  expect(stdout).toContain("default *")
})

test("not being signed in with a profile names the profile, who chose it, and what to type", async () => {
  const machine = await testMachine({
    config: twoProfiles(),
    server: NOBODY,
    env: { ALCHEMY_PROFILE: "wrok" },
  })
  const { code, error } = await machine.run(["apps", "list"])
  expect({ code, error }).toMatchObject({
    code: 3,
    error: {
      message: "You are not signed in with the profile wrok (ALCHEMY_PROFILE).",
      hint: "Run `alchemy auth --profile wrok` to sign in, or set ALCHEMY_ACCESS_KEY.",
    },
  })
})

test.each(["../x", "_proto", "a b", "x".repeat(65), "é"])("%j is no profile's name", async (name) => {
  const machine = await testMachine()
  const { code, error } = await machine.run(["auth", "status", "--offline"], {
    env: { ALCHEMY_PROFILE: name },
  })
  expect({ code, error }).toMatchObject({
    code: 2,
    error: { code: "INVALID_ARGS", message: expect.stringContaining("ALCHEMY_PROFILE") },
  })
})

test("a .alchemy.json that is not JSON is named; one that cannot be read, or is no file, is passed over", async () => {
  const machine = await testMachine()
  const path = join(machine.home, ".alchemy.json")
  await writeFile(path, "{")
  const broken = await machine.run(["auth", "status", "--offline"])
  expect({ code: broken.code, error: broken.error }).toMatchObject({
    code: 2,
    error: { message: "~/.alchemy.json does not hold a JSON object." },
  })
  await writeFile(path, '{ "profile": 5 }')
  expect((await machine.run(["auth", "status", "--offline"])).json.profile).toBe("default")
  const elsewhere = join(machine.home, "elsewhere")
  await mkdir(elsewhere)
  await symlink("/dev/zero", join(elsewhere, ".alchemy.json"))
  await chmod(path, 0)
  const { json } = await machine.run(["auth", "status", "--offline"], {
    context: { workingDirectory: elsewhere },
  })
  expect(json.profile).toBe("default")
})

test("config set and get work on the profile; the machine's settings are one for all", async () => {
  const machine = await testMachine({ config: twoProfiles() })
  await machine.run(["config", "set", "app", "app_2", "--profile", "work"])
  await machine.run(["config", "set", "verbose", "true", "--profile", "work"])
  await machine.run(["config", "set", "network", "eth", "--profile", "new"])
  const { profiles, verbose, app } = await machine.config()
  expect({ verbose, app }).toEqual({ verbose: true, app: "app_default" })
  expect(profiles).toMatchObject({ work: { app: "app_2" }, new: { network: "eth" } })
  expect((await machine.run(["config", "get", "app", "--profile", "work"])).json.value).toBe("app_2")
  await machine.run(["config", "reset", "app", "--profile", "work"])
  expect((await machine.config()).profiles).not.toHaveProperty("work.app")
  expect((await machine.config()).app).toBe("app_default")
  await machine.run(["config", "reset", "--yes", "--profile", "new"])
  expect(await machine.config()).toMatchObject({ verbose: true, profiles: { new: {} } })
  await machine.run(["config", "reset", "--yes"])
  expect(await machine.config()).not.toHaveProperty("verbose")
})

test("what is no object where the profiles stand is no profile, and is replaced when one is made", () => {
  const content: Record<string, unknown> = { profiles: [1, 2] }
  expect(profileSection(content, "work", false)).toBe(null)
  expect(profileSection({ profiles: { work: 5 } }, "work", false)).toBe(null)
  expect(profileSection({ profiles: {} }, "constructor", false)).toBe(null)
  expect(profileNames(content)).toEqual(["default"])
  expect(profileNames({ profiles: { b: {}, a: {}, default: {}, "../x": {} } })).toEqual(["default", "a", "b"])
  profileSection(content, "work", true)
  expect(content).toEqual({ profiles: { work: {} } })
})

test("a token of the account that is stored in two profiles ends in one of them only", async () => {
  const server = await startServer()
  const [one, other] = [newToken(), newToken()]
  for (const token of [one, other]) server.sessions.add(token)
  const machine = await testMachine({
    server: server.origin,
    config: {
      ...signedInConfig(server.origin, one),
      profiles: { work: signedInConfig(server.origin, other) },
    },
  })
  await machine.run(["auth", "logout", "--profile", "work"])
  expect([...server.sessions]).toEqual([one])
  expect(await machine.config()).toHaveProperty("auth_token", one)
})
