import { glob, readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { signedInConfig } from "../../testing.ts"
import { newToken } from "../../testing-server.ts"
import { testPatient } from "../testing.ts"
import { environment, KNOWN_VARIABLES, meantBy } from "./environment.ts"

test("variables that outrank nothing are fine", async () => {
  const { look } = await testPatient()
  expect(await look(environment)).toMatchObject({
    verdict: "ok",
    found: "ALCHEMY_AUTH_URL, ALCHEMY_CONFIG set; nothing outranks a sign-in",
  })
})

test("a token in the environment comes before the sign-in, and is not shown", async () => {
  const token = newToken()
  const { look } = await testPatient({
    content: signedInConfig("https://auth.example.com"),
    env: { ALCHEMY_AUTH_TOKEN: token },
  })
  const finding = await look(environment)
  expect(finding).toMatchObject({
    verdict: "note",
    found: "ALCHEMY_AUTH_TOKEN is set: it is used before the stored sign-in",
    todo: "Where that is not meant: `unset ALCHEMY_AUTH_TOKEN`.",
  })
  expect(JSON.stringify(finding)).not.toContain(token.slice(20))
})

test("an access key in the environment, and one in the config file", async () => {
  const { look } = await testPatient({ content: {}, env: { ALCHEMY_ACCESS_KEY: "key-1234567890" } })
  expect((await look(environment)).found).toBe("ALCHEMY_ACCESS_KEY is set: it is used in place of a sign-in")
  const stored = await testPatient({ content: { "access-key": "key-1234567890" } })
  expect((await stored.look(environment)).found).toBe(
    "access-key in the config file is set: it is used in place of a sign-in",
  )
})

test("a secret that was pasted with its quotes", async () => {
  const { look } = await testPatient({ env: { ALCHEMY_AUTH_TOKEN: '"alchemy_at_x"' } })
  expect(await look(environment)).toMatchObject({ verdict: "problem" })
})

test("a misspelt name", async () => {
  const { look } = await testPatient({ env: { ALCHEMY_AUTH_TOKN: "x" } })
  expect(await look(environment)).toMatchObject({
    verdict: "note",
    found: "ALCHEMY_AUTH_TOKN is not known to this command",
    todo: "Did you mean ALCHEMY_AUTH_TOKEN?",
  })
})

test.each([
  ["ALCHEMY_AUTH_TOKEN", undefined],
  ["alchemy_auth_token", "ALCHEMY_AUTH_TOKEN"],
  ["ALCHEMY_ACESS_KEYS", "ALCHEMY_ACCESS_KEY"],
  ["ALCHEMY_PROFIL", "ALCHEMY_PROFILE"],
  ["ALCHEMY_API_KEY", undefined],
  ["ALCHEMY_SOMETHING_ELSE", undefined],
  ["PATH", undefined],
])("%s may mean %s", (name, meant) => {
  expect(meantBy(name)).toBe(meant)
})

test("every variable that the sources read is known, so that none counts as misspelt", async () => {
  const sources = join(import.meta.dirname, "../..")
  const read = new Set<string>()
  for await (const name of glob("**/*.ts", { cwd: sources })) {
    if (name.endsWith(".test.ts")) continue
    for (const [, variable = ""] of (await readFile(join(sources, name), "utf8")).matchAll(
      /\benv\.(ALCHEMY_\w+)/g,
    )) {
      read.add(variable)
    }
  }
  expect(read.size).toBeGreaterThan(4)
  expect(Array.from(read).filter((variable) => !KNOWN_VARIABLES.includes(variable))).toEqual([])
})
