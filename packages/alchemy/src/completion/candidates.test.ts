import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"

const values = async (words: string[], machine?: Awaited<ReturnType<typeof testMachine>>) => {
  const on = machine ?? (await testMachine())
  const { code, stdout, stderr } = await on.run(["complete", "--", ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0]]))
}

test("commands, with what they are; hidden ones are not offered", async () => {
  const machine = await testMachine()
  const { stdout } = await machine.run(["complete", "--", "a"])
  expect(stdout).toContain("auth\tsign in, sign out, and who is signed in\n")
  expect(await values([""])).toContain("help")
  expect(await values(["comp"])).toEqual(["completions"])
  expect(await values(["auth", "s"])).toEqual(["status", "sessions", "switch"])
  expect(await values(["auth", "de"])).toEqual([])
  expect(await values(["help", "auth", "sess"])).toEqual(["sessions"])
  expect(await values(["help", "config", ""])).toEqual(["set", "get", "list", "reset", "path"])
})

test("flags: the command's own, those of what a group alone means, and the global ones, each once", async () => {
  expect(await values(["auth", "--f"])).toEqual(["--force"])
  expect(await values(["auth", "login", "--force", "--f"])).toEqual([])
  expect(await values(["apps", "delete", "--"])).toContain("--yes")
  const global = await values(["--"])
  expect(global).toContain("--profile")
  expect(new Set(global).size).toBe(global.length)
  expect(await values(["apps", "list", "--he"])).toEqual(["--help"])
})

test.each([
  [
    ["completions", ""],
    ["bash", "zsh", "fish"],
  ],
  [
    ["config", "get", "auth_token"],
    ["auth_token", "auth_token_expires_at"],
  ],
  [["config", "set", "auth"], ["auth-url"]],
  [
    ["config", "set", "credential-store", ""],
    ["auto", "keychain", "file"],
  ],
  [["config", "set", "credential-store", "file", ""], []],
  [["config", "set", "constructor", ""], []],
  [["config", "set", "verbose", "t"], ["true"]],
  [["auth", "login", "--expires-in", "9"], ["90d"]],
  [["auth", "--expires-in=9"], ["--expires-in=90d"]],
  [
    ["access-keys", "create", "--scopes", "apps:"],
    ["apps:read", "apps:write"],
  ],
  [["access-keys", "create", "--scopes", "apps:read,apps:"], ["apps:read,apps:write"]],
  [["access-keys", "create", "--scopes=keys:manage,ac"], ["--scopes=keys:manage,account:read"]],
  [["access-keys", "create", "--scopes", "$(id),ac"], []],
  [["apps", "create", "--name", ""], []],
])("%j: %j", async (words, expected) => {
  expect(await values(words)).toEqual(expected)
})

test("profiles with their accounts, for --profile and `auth switch`; nothing of a token", async () => {
  const account = { id: "acc_1", email: "ada@example.com", name: "Ada" }
  const work = { ...signedInConfig(NOBODY), auth_token_account: account }
  const machine = await testMachine({ config: { profiles: { work, "ada@home": {} } } })
  const { stdout } = await machine.run(["complete", "--", "--profile", ""])
  expect(stdout).toBe("default\t\nada@home\t\nwork\tada@example.com\n")
  expect(await values(["auth", "switch", "w"], machine)).toEqual(["work"])
  expect(await values(["config", "set", "profile", "ada@"], machine)).toEqual(["ada@home"])
})

test("sign-ins that wait to be completed", async () => {
  const one = {
    id: "handle-1",
    kind: "device",
    server: NOBODY,
    since: "2026-11-24T11:59:00.000Z",
    expiresAt: "2026-11-24T12:09:00.000Z",
    deviceCode: "d",
    intervalMs: 5000,
    codeVerifier: "v",
    handedOut: { profile: "default", userCode: "WDJB-MJHT" },
  }
  const machine = await testMachine({ config: { unfinished_sign_ins: [one, { ...one, id: "$(id)" }] } })
  const { stdout } = await machine.run(["complete", "--", "auth", "login", "--complete", ""])
  expect(stdout).toBe(`handle-1\tWDJB-MJHT at ${NOBODY}\n`)
})

test("never an error: a broken file, a profile that is none, no words", async () => {
  const machine = await testMachine({ config: "{", env: { ALCHEMY_PROFILE: "no profile!" } })
  expect(await values(["--profile", ""], machine)).toEqual([])
  expect(await values(["apps", "get", ""], machine)).toEqual([])
  expect(await values(["--timeout", "soon", "apps", "get", ""])).toEqual([])
  expect((await values([])).length).toBeGreaterThan(5)
  expect((await (await testMachine()).run(["complete"])).code).toBe(0)
})

test("nothing of an earlier sign-out is delivered", async () => {
  const pending = { handle: "x.y", server: NOBODY, expiresAt: null, since: "2026-11-01T00:00:00.000Z" }
  const machine = await testMachine({
    config: { pending_revocations: [pending] },
    context: {
      fetch: async () => {
        throw new Error("nothing is to be sent")
      },
    },
  })
  await machine.run(["complete", "--", "a"])
  expect(await machine.config()).toEqual({ pending_revocations: [pending] })
})
