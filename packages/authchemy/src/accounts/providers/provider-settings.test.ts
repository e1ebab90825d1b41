import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ConfigError } from "../../config-error.ts"
import { readProviders } from "./provider-settings.ts"

const SECRET = "the-client-secret"
const ACME = {
  id: "acme",
  name: "Acme",
  issuer: "https://login.acme.example",
  clientId: "authchemy",
  clientSecret: SECRET,
}
const VARIABLES = {
  AUTHCHEMY_PROVIDER_ISSUER: "https://login.acme.example/tenant/",
  AUTHCHEMY_PROVIDER_CLIENT_ID: "authchemy",
  AUTHCHEMY_PROVIDER_CLIENT_SECRET: SECRET,
}

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-providers-"))
  path = join(directory, "providers.json")
})
afterEach(() => rm(directory, { recursive: true }))

async function readFile(content: unknown, env: Record<string, string> = {}) {
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content))
  return readProviders({ AUTHCHEMY_PROVIDERS_FILE: path, ...env })
}
async function problemsOf(read: () => unknown): Promise<string[]> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ variable, message }) => `${variable}: ${message.replace(`${path}: `, "")}`)
  }
  throw new Error("nothing was wrong")
}

test("none is configured", () => {
  expect(readProviders({})).toEqual([])
  expect(readProviders({ AUTHCHEMY_PROVIDERS_FILE: " ", AUTHCHEMY_PROVIDER_ISSUER: "" })).toEqual([])
})

describe("the variables", () => {
  test("name one provider", () => {
    const [provider] = readProviders(VARIABLES)
    expect(provider).toEqual({
      id: "sso",
      name: "login.acme.example",
      issuer: "https://login.acme.example/tenant/",
      clientId: "authchemy",
      clientSecret: SECRET,
      scopes: ["openid", "email", "profile"],
      emailDomains: null,
    })
    expect(Object.isFrozen(provider)).toBe(true)
    const named = { ...VARIABLES, AUTHCHEMY_PROVIDER_ID: "acme", AUTHCHEMY_PROVIDER_NAME: " Acme " }
    expect(readProviders(named)).toMatchObject([{ id: "acme", name: "Acme" }])
  })

  test("what is missing or wrong is named", async () => {
    expect(await problemsOf(() => readProviders({ AUTHCHEMY_PROVIDER_NAME: "Acme" }))).toEqual([
      "AUTHCHEMY_PROVIDER_ISSUER: must be set beside the other AUTHCHEMY_PROVIDER_ variables",
      "AUTHCHEMY_PROVIDER_CLIENT_ID: must be set beside the other AUTHCHEMY_PROVIDER_ variables",
      "AUTHCHEMY_PROVIDER_CLIENT_SECRET: must be set beside the other AUTHCHEMY_PROVIDER_ variables",
    ])
    const wrong = {
      ...VARIABLES,
      AUTHCHEMY_PROVIDER_ISSUER: "http://login.acme.example",
      AUTHCHEMY_PROVIDER_ID: "A/B",
    }
    expect(await problemsOf(() => readProviders(wrong))).toEqual([
      expect.stringMatching(/^AUTHCHEMY_PROVIDER_ID: must be 1 to 32 small letters/),
      expect.stringMatching(/^AUTHCHEMY_PROVIDER_ISSUER: must be the issuer's https address/),
    ])
  })
})

describe("the file", () => {
  test("names several, after the one from the variables", async () => {
    await writeFile(join(directory, "secret"), "from-a-file\n")
    const { clientSecret: _, ...withoutSecret } = ACME
    const other = {
      ...withoutSecret,
      id: "other",
      clientSecretFile: "secret",
      scopes: ["email"],
      emailDomains: ["Acme.com", "bücher.example"],
    }
    expect(await readFile([ACME, other], VARIABLES)).toMatchObject([
      { id: "sso" },
      { id: "acme", clientSecret: SECRET, emailDomains: null },
      {
        id: "other",
        clientSecret: "from-a-file",
        scopes: ["openid", "email"],
        emailDomains: ["acme.com", "xn--bcher-kva.example"],
      },
    ])
  })

  test.each([
    ["https://login.acme.example/", true],
    ["http://localhost:3000", true],
    ["http://127.0.0.1:3000/realm", true],
    ["http://[::1]:3000", true],
    ["http://localhost.evil.example", false],
    ["http://login.acme.example", false],
    ["https://user@login.acme.example", false],
    ["https://login.acme.example?x", false],
    ["https://login.acme.example#x", false],
    ["javascript:alert(1)", false],
    ["login.acme.example", false],
  ])("the issuer %s is one: %s", async (issuer, accepted) => {
    const read = () => readFile([{ ...ACME, issuer }])
    if (accepted) expect(await read()).toMatchObject([{ issuer }])
    else
      expect(await problemsOf(read)).toEqual([expect.stringMatching(/provider 1 \(acme\): issuer: must be/)])
  })

  test.each<[string, unknown, RegExp[]]>([
    ["no JSON", "[{", [/must be JSON \(line 1 column 3\)$/]],
    ["no list", {}, [/must be \[ \{ … \}, … \]/]],
    ["an entry that is none", ["acme"], [/provider 1: must be \{ … \}/]],
    ["nothing", [{}], [/id: is missing/, /name: is missing/, /issuer: is missing/, /clientId: is missing/]],
    [
      "a field that is unknown",
      [{ ...ACME, clientID: "x" }],
      [/provider 1 \(acme\): clientID: is not known; known are id,/],
    ],
    ["a wrong id", [{ ...ACME, id: "../x" }], [/provider 1: id: must be 1 to 32/]],
    ["a name of two lines", [{ ...ACME, name: "a\nb" }], [/name: must be one line/]],
    ["no scopes", [{ ...ACME, scopes: [] }], [/scopes: must be a list of scopes/]],
    [
      "a scope that is two",
      [{ ...ACME, scopes: ["openid", "a b"] }],
      [/scopes\[1\]: must be a list of scopes/],
    ],
    ["no domains", [{ ...ACME, emailDomains: [] }], [/emailDomains: must be a list of mail domains/]],
    [
      "a domain that is none",
      [{ ...ACME, emailDomains: ["acme.com", "open"] }],
      [/emailDomains\[1\]: must be a mail domain, got "open"/],
    ],
    ["two domains in one", [{ ...ACME, emailDomains: ["a.com,b.com"] }], [/emailDomains\[0\]/]],
    [
      "two secrets",
      [{ ...ACME, clientSecretFile: "x" }],
      [/either clientSecret or clientSecretFile/, /clientSecretFile: must be a file/],
    ],
    ["no secret", [{ ...ACME, clientSecret: undefined }], [/either clientSecret or clientSecretFile/]],
    ["one id twice", [ACME, ACME], [/the id "acme" is there twice/]],
    ["too many", Array.from({ length: 21 }, (_, index) => ({ ...ACME, id: `p${index}` })), [/at most 20/]],
    [
      "several mistakes",
      [
        { ...ACME, id: 1 },
        { ...ACME, name: "" },
      ],
      [/provider 1: id/, /provider 2 \(acme\): name/],
    ],
  ])("%s: refused by name, and no secret is told", async (_what, content, expected) => {
    const problems = await problemsOf(() => readFile(content))
    expect(problems).toEqual(expected.map((one) => expect.stringMatching(one)))
    for (const problem of problems) expect(problem).toMatch(/^AUTHCHEMY_PROVIDERS_FILE: /)
    expect(problems.join()).not.toContain(SECRET)
  })

  test("that is not there, or not readable, is named", async () => {
    expect(await problemsOf(() => readProviders({ AUTHCHEMY_PROVIDERS_FILE: path }))).toEqual([
      `AUTHCHEMY_PROVIDERS_FILE: must be a file that this user can read, got ${JSON.stringify(path)}`,
    ])
  })
})
