import { writeFile } from "node:fs/promises"
import fc from "fast-check"
import { expect, test } from "vitest"
import { EXIT_CODES } from "../errors.ts"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { APP } from "../testing-server.ts"

const numRuns = Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 80)
const seed = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 2 ** 31)

const SESSION = {
  id: "session_1",
  device: { name: "laptop", os: "Linux", client: "alchemy-cli/1" },
  createdAt: "2026-11-01T00:00:00.000Z",
  lastUsedAt: "2026-11-20T00:00:00.000Z",
  expiresAt: "2027-02-01T00:00:00.000Z",
  scopes: ["apps:read"],
  current: true,
}
const KEY = {
  id: "key_1",
  name: "ci",
  scopes: ["apps:read"],
  createdAt: "2026-11-01T00:00:00.000Z",
  lastUsedAt: "2026-11-20T00:00:00.000Z",
  expiresAt: "2027-02-01T00:00:00.000Z",
}
const ACCOUNT = { id: "account_1", email: "ada@example.com", name: "Ada" }
const FULL_APP = {
  ...APP,
  description: "x",
  products: ["p"],
  addressAllowlist: [{ name: "n", value: "0x0" }],
}

/** A command, and what a right answer to it holds in `data`. */
const COMMANDS: readonly (readonly [string, unknown])[] = [
  ["apps list", { apps: [FULL_APP], cursor: "next" }],
  ["apps list --all", { apps: [FULL_APP] }],
  ["apps get app_1", FULL_APP],
  ["apps create --name x --networks eth-mainnet", FULL_APP],
  ["apps update app_1 --name x", FULL_APP],
  ["apps delete app_1 --yes", null],
  ["apps chains", { chains: APP.chainNetworks }],
  ["apps networks app_1", FULL_APP],
  ["apps address-allowlist app_1", FULL_APP],
  ["apps address-allowlist app_1 --add 0x1", FULL_APP],
  ["auth sessions", { sessions: [SESSION] }],
  [
    "auth sessions revoke session_2",
    { sessions: [{ ...SESSION, id: "session_2", current: false }], ended: 1 },
  ],
  ["auth status", { account: ACCOUNT, credential: { type: "session", session: SESSION } }],
  ["auth logout --all", { ended: 3 }],
  ["auth logout --others", { ended: 3 }],
  ["access-keys list", { accessKeys: [KEY] }],
  ["access-keys create --name ci", { ...KEY, key: "alchemy_ak_x" }],
  ["access-keys delete key_1 --yes", null],
]

const anyJson = fc.jsonValue({ maxDepth: 3 })
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "\u001b]0;owned\u0007",
    "\u001b[2J",
    "\u202egnp.exe",
    "+275760-09-13T00:00:00.000Z",
    "",
    "\n✓ Signed out.",
    "a".repeat(9000),
  ),
)
const strange = fc.oneof(
  { weight: 2, arbitrary: texts },
  anyJson,
  fc.double(),
  fc.constantFrom(-1, 1e308, 2 ** 53),
)

type Json = { [name: string]: Json } | Json[] | string | number | boolean | null
/** The way to every part of a value, the whole included. */
function pathsOf(value: Json): string[][] {
  if (typeof value !== "object" || value === null) return [[]]
  return [
    [],
    ...Object.entries(value).flatMap(([name, part]) => pathsOf(part).map((path) => [name, ...path])),
  ]
}

/** The value with the part at the end of a path replaced. */
function replaced(value: Json, [name, ...rest]: readonly string[], by: Json): Json {
  if (name === undefined || typeof value !== "object" || value === null) return by
  const part = replaced((value as { [name: string]: Json })[name] ?? null, rest, by)
  return Array.isArray(value) ? value.with(Number(name), part) : { ...value, [name]: part }
}

const bodiesFor = (data: unknown) =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(fc.constantFrom(...pathsOf({ data: data as Json })), strange)
        .map(([path, by]) => JSON.stringify(replaced({ data: data as Json }, path, by as Json))),
    },
    fc.tuple(texts, strange).map(([error, message]) => JSON.stringify({ error, message })),
    fc.json(),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(
      "",
      "null",
      "x".repeat(1024 * 1024 + 1),
      `${'{"data":['.repeat(10_000)}${"]}".repeat(10_000)}`,
    ),
    fc.constant(`{"__proto__":${JSON.stringify({ data })},"data":1,"data":${JSON.stringify(data)}}`),
  )
const answersFor = (data: unknown) =>
  fc.tuple(
    fc.oneof({ weight: 3, arbitrary: fc.constant(200) }, fc.integer({ min: 200, max: 599 })),
    fc.dictionary(
      fc.constantFrom("content-type", "retry-after", "location", "date", "etag", "x-odd"),
      fc.oneof(
        fc.constantFrom(
          "0",
          "-1",
          "99999999999999",
          "Tue, 24 Nov 2026 12:00:00 GMT",
          "http://evil.example/",
          "x",
        ),
        texts.map((text) => text.replace(/[^\x20-\x7e]/g, "")),
      ),
    ),
    bodiesFor(data),
  )

const codes = new Set<number>([0, ...Object.values(EXIT_CODES)])

test.each(COMMANDS)(
  "S57 whatever the server answers to `%s`: a result or a sentence, and nothing raw",
  async (line, data) => {
    const machine = await testMachine({ server: NOBODY, columns: 100 })
    const right: typeof fetch = async (_target, init) =>
      init?.method === "DELETE" && data === null
        ? new Response(null, { status: 204 })
        : new Response(JSON.stringify({ data }))
    await writeFile(machine.configPath, JSON.stringify(signedInConfig(NOBODY)))
    // A right answer is taken: else all that is nearly right would be refused for another reason.
    expect(await machine.run(line.split(" "), { context: { fetch: right } })).toMatchObject({ code: 0 })
    await fc.assert(
      fc.asyncProperty(answersFor(data), fc.boolean(), async ([status, headers, body], tty) => {
        await writeFile(machine.configPath, JSON.stringify(signedInConfig(NOBODY)))
        let asked = 0
        const send: typeof fetch = async () => {
          // A list that never ends is ended here.
          if (asked++ > 20) return new Response('{"data":{"apps":[]}}')
          const bodiless = [204, 205, 304].includes(status)
          return new Response(bodiless ? null : typeof body === "string" ? body : Buffer.from(body), {
            status,
            headers,
          })
        }
        const context = { fetch: send, canOpenBrowser: async () => false }
        const env = { ALCHEMY_NON_INTERACTIVE: "1" }
        const { code, stdout, stderr } = await machine.run(line.split(" "), { tty, context, env })
        expect(codes).toContain(code)
        const shown = `${stdout}${stderr}`
        expect(shown).not.toMatch(/INTERNAL_ERROR|Something went wrong inside/)
        expect(shown).not.toMatch(/^\s+at (\S+ )?\(?(file:|node:|\/)/m)
        expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
        if (tty) return
        if (stdout !== "") JSON.parse(stdout)
        for (const told of stderr.split("\n").filter(Boolean)) JSON.parse(told)
      }),
      { numRuns, seed, endOnFailure: true },
    )
  },
  60_000,
)
