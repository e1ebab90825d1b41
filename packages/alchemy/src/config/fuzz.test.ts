import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { EXIT_CODES } from "../errors.ts"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { newToken } from "../testing-server.ts"

/** `AUTHCHEMY_FUZZ_RUNS` for more of it; `AUTHCHEMY_TEST_SEED` to see a run again. */
const numRuns = Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 40)
const seed = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 2 ** 31)
const parameters = { numRuns, seed, endOnFailure: true }

const COMMANDS = [
  ["auth", "status", "--offline"],
  ["auth", "status"],
  ["auth", "logout"],
  ["auth", "token", "--reveal"],
  ["auth", "why"],
  ["auth", "doctor", "--offline"],
  ["apps", "list"],
  ["config", "list", "--reveal"],
  ["config", "set", "network", "eth-mainnet"],
  ["setup", "status"],
]
/** What these commands may change or erase; everything else in the file is to stay. */
const OURS = [
  "auth_token",
  "auth_token_expires_at",
  "auth_token_server",
  "auth_token_account",
  "auth_token_keychain",
  "pending_revocations",
  "unfinished_sign_ins",
  "keychain_leftovers",
  "app",
  "network",
  "profiles",
]

const anyJson = fc.jsonValue({ maxDepth: 3 })
const moments = fc.oneof(
  fc.constantFrom(
    "2026-11-24T12:00:00.000Z",
    "9999-12-31T23:59:59Z",
    "+275760-09-13T00:00:00.001Z",
    "now",
    "",
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
)
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  moments,
  fc.constantFrom(
    NOBODY,
    "https://",
    "javascript:alert(1)",
    "http://user:secret@127.0.0.1:2/x?y#z",
    "\u001b]0;x\u0007",
  ),
  fc.constant("").map(() => newToken()),
)
/** A value of the right form, of a form that is nearly right, or any. */
const near = (right: fc.Arbitrary<unknown>) => fc.oneof({ weight: 4, arbitrary: right }, texts, anyJson)
const record = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, near(value)])), {
    requiredKeys: [],
  })
const listOf = (entry: fc.Arbitrary<unknown>) => fc.array(near(entry), { maxLength: 3 })

const handles = fc.constant(`tAg9.${"d".repeat(43)}`)
const servers = fc.constantFrom(NOBODY, "https://auth.example.com")
const signInKeys = {
  auth_token: fc.constant("").map(() => newToken()),
  auth_token_expires_at: moments,
  auth_token_server: servers,
  auth_token_account: record({ id: texts, email: texts, name: texts }),
  auth_token_keychain: record({ entry: fc.uuid(), digest: texts, handle: handles }),
}
const settingKeys = {
  "auth-url": servers,
  "admin-url": servers,
  "access-key": texts,
  app: texts,
  network: texts,
}
const unfinished = record({
  id: fc.uuid(),
  kind: fc.constantFrom("code", "device"),
  server: servers,
  since: moments,
  codeVerifier: texts,
  lost: fc.constant(true),
  code: texts,
  redirectUri: texts,
  deviceCode: texts,
  expiresAt: moments,
  intervalMs: fc.double(),
  handedOut: record({ profile: texts, userCode: texts, expiresInSeconds: fc.double() }),
})
const nearlyOurs = record({
  ...signInKeys,
  ...settingKeys,
  "credential-store": fc.constantFrom("auto", "keychain", "file"),
  verbose: fc.boolean(),
  profile: fc.constantFrom("work", "default", "constructor", "x".repeat(64)),
  profiles: fc.dictionary(
    fc.oneof(fc.constantFrom("work", "constructor", "__proto__", "default"), texts),
    near(record({ ...signInKeys, ...settingKeys })),
    { maxKeys: 3 },
  ),
  pending_revocations: listOf(
    record({ handle: handles, server: servers, expiresAt: moments, since: moments, notBefore: moments }),
  ),
  unfinished_sign_ins: listOf(unfinished),
  keychain_leftovers: listOf(record({ entry: fc.uuid(), notBefore: moments })),
  "something-else": anyJson,
}).map((content) => Buffer.from(JSON.stringify(content)))
const contents = fc.oneof(
  { weight: 4, arbitrary: nearlyOurs },
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 5 }).map((json) => Buffer.from(json)),
  fc.tuple(nearlyOurs, fc.nat(400)).map(([whole, length]) => whole.subarray(0, length)),
  fc
    .constantFrom("{}", "", " \n", "\uFEFF{}", `${"[".repeat(50_000)}${"]".repeat(50_000)}`)
    .map((text) => Buffer.from(text)),
  fc.constant(Buffer.from(`{"deep":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`)),
)

const unreachable: typeof fetch = async () => {
  throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } })
}
const codes = new Set<number>([0, ...Object.values(EXIT_CODES)])

/** What every command keeps to, whatever it finds. */
function expectSentence({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) {
  expect(codes).toContain(code)
  const shown = `${stdout}${stderr}`
  expect(shown).not.toMatch(/INTERNAL_ERROR|Something went wrong inside/)
  expect(shown).not.toMatch(/^\s+at (\S+ )?\(?(file:|node:|\/)/m)
  // Neither what a terminal would act on, nor what changes the direction of text.
  expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/)
  if (code !== 0) expect(shown.trim()).not.toBe("")
}

function parsed(bytes: Buffer): Record<string, unknown> | null {
  try {
    const content = JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, ""))
    return typeof content === "object" && content !== null && !Array.isArray(content) ? content : null
  } catch {
    return null
  }
}

test.each(COMMANDS.map((argv) => [argv.join(" "), argv] as const))(
  "whatever the config file holds, `%s` gives a result or a sentence, and loses nothing of it",
  async (_name, argv) => {
    const machine = await testMachine({ server: NOBODY, context: { fetch: unreachable } })
    await fc.assert(
      fc.asyncProperty(contents, fc.boolean(), async (bytes, tty) => {
        await writeFile(machine.configPath, bytes, { mode: 0o600 })
        expectSentence(await machine.run(argv, { tty }))
        const after = await readFile(machine.configPath).catch(() => null)
        if (after?.equals(bytes) || bytes.toString("utf8").trim() === "") return
        const aside = await putAside(machine.home)
        if (aside.some((kept) => kept.equals(bytes))) return
        const [before, now] = [parsed(bytes), after === null ? null : parsed(after)]
        for (const [key, value] of Object.entries(before ?? { lost: bytes.toString("base64") })) {
          if (!OURS.includes(key)) expect(JSON.stringify(now?.[key]), key).toBe(JSON.stringify(value))
        }
      }),
      parameters,
    )
  },
  60_000,
)

async function putAside(folder: string): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter((name) => name.includes(".broken-"))
  return Promise.all(names.map((name) => readFile(join(folder, name))))
}

test("whatever `.alchemy.json` holds, commands name the profile or the mistake", async () => {
  const machine = await testMachine({
    server: NOBODY,
    config: { ...signedInConfig(NOBODY), profiles: { work: {} } },
    context: { fetch: unreachable },
  })
  const nearlyRight = record({ profile: fc.constantFrom("work", "default", "none", "-x", "a b") }).map(
    (content) => Buffer.from(JSON.stringify(content)),
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(nearlyRight, contents), fc.constantFrom(...COMMANDS), async (bytes, argv) => {
      await writeFile(join(machine.home, ".alchemy.json"), bytes)
      expectSentence(await machine.run(argv))
      expect(await readFile(join(machine.home, ".alchemy.json"))).toEqual(bytes)
    }),
    { ...parameters, numRuns: 3 * numRuns },
  )
}, 60_000)

test("whatever the environment says, commands give a result or a sentence", async () => {
  const machine = await testMachine({
    config: signedInConfig(NOBODY),
    context: { fetch: unreachable, canOpenBrowser: async () => false },
  })
  const names = [
    ...["ALCHEMY_AUTH_URL", "ALCHEMY_ADMIN_API_BASE_URL", "ALCHEMY_ACCESS_KEY", "ALCHEMY_AUTH_TOKEN"],
    ...["ALCHEMY_PROFILE", "ALCHEMY_NON_INTERACTIVE", "CI", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY"],
    ...["NO_PROXY", "TERM", "COLUMNS", "HOME", "XDG_CONFIG_HOME", "NO_COLOR", "FORCE_COLOR", "BROWSER"],
    ...["SSH_CONNECTION", "DISPLAY", "LANG", "TERM_PROGRAM", "NODE_EXTRA_CA_CERTS"],
  ]
  const values = fc.oneof(
    texts,
    fc.constantFrom(
      "0",
      "1",
      "true",
      "dumb",
      "xterm-256color",
      "-1",
      "1e9",
      "*",
      ".example.com, ,[::1]:2",
      "/",
      "~",
    ),
  )
  const environment = fc.dictionary(
    fc.constantFrom(...names),
    values.map((text) => text.replaceAll("\0", "")),
  )
  const commands = [...COMMANDS, ["auth", "login", "--device"], ["auth", "login", "--no-interactive"]]
  await fc.assert(
    fc.asyncProperty(environment, fc.constantFrom(...commands), fc.boolean(), async (env, argv, tty) => {
      const { NO_COLOR = "1", ...rest } = env
      expectSentence(await machine.run(argv, { tty, env: { NO_COLOR: NO_COLOR || "1", ...rest } }))
    }),
    { ...parameters, numRuns: 5 * numRuns },
  )
}, 60_000)

test("whatever ALCHEMY_CONFIG names, commands that only read give a result or a sentence, and leave it as it is", async () => {
  const machine = await testMachine({ server: NOBODY, context: { fetch: unreachable } })
  const folder = join(machine.home, "folder")
  await mkdir(folder, { mode: 0o755 })
  const places = fc.oneof(
    texts.map((name) => `${folder}/${name.replaceAll("..", "")}`),
    fc.constantFrom(
      folder,
      `${folder}/`,
      `${folder}/.`,
      "/dev/null",
      "/dev/zero",
      "/proc/self/mem/x",
      "~/x",
      "/nobody/x\0y",
    ),
    fc.nat(5000).map((length) => join(folder, "x".repeat(length))),
  )
  const commands = [
    ["auth", "status", "--offline"],
    ["auth", "why"],
    ["config", "list"],
  ]
  await fc.assert(
    fc.asyncProperty(places, fc.constantFrom(...commands), async (path, argv) => {
      expectSentence(await machine.run(argv, { env: { ALCHEMY_CONFIG: path } }))
      expect((await stat(folder)).mode & 0o777).toBe(0o755)
    }),
    { ...parameters, numRuns: 2 * numRuns },
  )
}, 60_000)
