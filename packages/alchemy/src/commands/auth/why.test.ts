import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Keychain } from "@authchemy/cli-sign-in/credentials"
import { KeychainError } from "@authchemy/cli-sign-in/credentials"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { newToken } from "../../testing-server.ts"

const KEY = "key-0123456789-0123456789"
const ACCOUNT = { id: "acc_1", email: "ada@example.com", name: "Ada" }

const nothingIsAsked = {
  fetch: async () => {
    throw new Error("no server is to be asked")
  },
}

async function why(options: TestOptions, argv: string[] = []) {
  const machine = await testMachine({ server: NOBODY, context: nothingIsAsked, ...options })
  const run = await machine.run(["auth", "why", ...argv])
  return { machine, run, code: run.code, json: options.tty ? undefined : run.json }
}

test("nothing: exit 3, and the next command", async () => {
  const { code, json } = await why({ env: { ALCHEMY_AUTH_URL: undefined } })
  expect({ code, json }).toEqual({
    code: 3,
    json: {
      credential: null,
      shadows: [],
      profile: { name: "default", origin: "default", shadows: [] },
      authUrl: { value: "https://auth.alchemy.com", origin: "default" },
      adminUrl: { value: "https://admin-api.alchemy.com", origin: "default" },
    },
  })
  const { run } = await why({ tty: true, columns: 120 })
  expect(run.stdout).toBe(
    [
      "✗ Commands have no credential to use.",
      "  credential   none",
      "  profile      default",
      `  auth server  ${NOBODY} (ALCHEMY_AUTH_URL)`,
      `  admin API    ${NOBODY} (auth URL)`,
      "  Next: alchemy auth",
      "",
    ].join("\n"),
  )
})

/** All five, what wins first. */
const CHAIN = [
  ["access-key", "--access-key"],
  ["access-key", "ALCHEMY_ACCESS_KEY"],
  ["access-key", "config file"],
  ["auth-token", "ALCHEMY_AUTH_TOKEN"],
  ["auth-token", "config file"],
] as const

test.each([0, 1, 2, 3, 4])(
  "from the credential number %i of the chain on: it wins, the rest is shadowed",
  async (first) => {
    const config = { ...signedInConfig(NOBODY), ...(first <= 2 ? { "access-key": KEY } : {}) }
    const env = {
      ...(first <= 1 ? { ALCHEMY_ACCESS_KEY: `${KEY}-of-env` } : {}),
      ...(first <= 3 ? { ALCHEMY_AUTH_TOKEN: newToken() } : {}),
    }
    const { code, json } = await why({ config, env }, first === 0 ? ["--access-key", `${KEY}-of-flag`] : [])
    expect(code).toBe(0)
    const all = [json.credential, ...json.shadows].map(({ kind, origin }) => [kind, origin])
    expect(all).toEqual(CHAIN.slice(first))
  },
)

test("text: who, from where, and instead of what; secrets are masked unless --reveal", async () => {
  const token = newToken()
  const config = { ...signedInConfig(NOBODY, token), auth_token_account: ACCOUNT }
  const options = { config, tty: true, columns: 200, env: { ALCHEMY_ACCESS_KEY: KEY } }
  const { run, machine } = await why(options)
  expect(run.stdout).toMatch(/^✓ Commands use the access key \(ALCHEMY_ACCESS_KEY\)\.\n/)
  expect(run.stdout).toContain("  credential   access key key-…6789, from ALCHEMY_ACCESS_KEY\n")
  expect(run.stdout).toMatch(
    /\n {2}instead of {3}token of ada@example\.com alchemy_at_\w{4}…\w{4}, from config file ~\/config\.json\n/,
  )
  expect(run.stdout).not.toContain(token)
  expect(run.stdout).not.toContain(KEY)
  expect((await machine.run(["auth", "why", "--reveal"])).stdout).toContain(token)
  const alone = await why({ ...options, env: {} })
  expect(alone.run.stdout).toMatch(/^✓ Commands use the stored sign-in as ada@example\.com\.\n/)
})

test.each([
  ["it has expired", signedInConfig(NOBODY, newToken(), -1)],
  ["it belongs to https://elsewhere.example", signedInConfig("https://elsewhere.example")],
])("a stored sign-in that cannot be used: %s; exit 3", async (problem, config) => {
  const { code, json } = await why({ config })
  expect({ code, problem: json.credential.problem }).toEqual({ code: 3, problem })
  const { run } = await why({ config, tty: true, columns: 200 })
  expect(run.stdout).toContain(`✗ Commands would use the stored sign-in, but ${problem}.`)
  // Something else makes up for it.
  const other = await why({ config, env: { ALCHEMY_ACCESS_KEY: KEY } })
  expect(other.code).toBe(0)
  expect(other.json.shadows).toMatchObject([{ problem }])
})

test("the keychain is asked only where the sign-in is what counts; a locked one is said", async () => {
  let asked = 0
  const keychain = {
    name: "the keychain",
    read: async () => {
      asked++
      throw new KeychainError("locked", "it is locked")
    },
  } as unknown as Keychain
  const { auth_token: _token, ...rest } = signedInConfig(NOBODY)
  const config = { ...rest, auth_token_keychain: { entry: "e", digest: "d", handle: "h" } }
  const context = { ...nothingIsAsked, keychain }
  const shadowed = await why({ config, context, env: { ALCHEMY_ACCESS_KEY: KEY } })
  expect(shadowed.json.shadows).toEqual([{ kind: "auth-token", origin: "keychain", secret: null }])
  expect(asked).toBe(0)
  const { code, json } = await why({ config, context })
  expect({ code, asked }).toEqual({ code: 3, asked: 1 })
  expect(json.credential).toMatchObject({ origin: "keychain", secret: null })
  expect(json.credential.problem).toContain("it is locked")
})

test("the profile, who named it, and what stands back", async () => {
  const config = { profile: "home", profiles: { work: signedInConfig(NOBODY) } }
  const machine = await testMachine({ server: NOBODY, config, context: nothingIsAsked })
  const directory = join(machine.home, "app")
  await mkdir(directory)
  await writeFile(join(directory, ".alchemy.json"), '{"profile":"project"}')
  const context = { ...nothingIsAsked, workingDirectory: directory }
  const env = { ALCHEMY_PROFILE: "env" }
  const { json } = await machine.run(["auth", "why", "--profile", "work"], { context, env })
  expect(json.profile).toEqual({
    name: "work",
    origin: "--profile",
    shadows: [
      { name: "env", origin: "ALCHEMY_PROFILE" },
      { name: "project", origin: "~/app/.alchemy.json" },
      { name: "home", origin: "config file" },
      { name: "default", origin: "default" },
    ],
  })
  expect(json.credential).toMatchObject({ kind: "auth-token", origin: "config file" })
  // Where the flag decides, a file that is broken is told of, and no more.
  await writeFile(join(directory, ".alchemy.json"), "{")
  const broken = await machine.run(["auth", "why", "--profile", "work"], { context, env })
  expect(broken.code).toBe(0)
  expect(broken.stderr).toContain("does not hold a JSON object")
  expect((await machine.run(["auth", "why"], { context })).code).toBe(2)
})

test("the next command names the profile", async () => {
  const { run } = await why({ tty: true, columns: 120 }, ["--profile", "work"])
  expect(run.stdout).toContain("Next: alchemy auth --profile work\n")
})
