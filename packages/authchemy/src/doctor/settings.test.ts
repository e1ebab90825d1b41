import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { checkClientsFile, checkCodeChallenge, checkSecret, checkSignUp } from "./settings.ts"
import { configOf } from "./testing.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-doctor-settings-"))
})
afterEach(() => rm(directory, { recursive: true }))

test("a secret that was typed can be guessed", () => {
  const check = (secret: string) => checkSecret(configOf({ AUTHCHEMY_SECRET: secret }))
  expect(check("BN1XmVw9mTjB4mVfSxu0c3pUkS2r0yQ1").state).toBe("ok")
  const typed = check("secretsecretsecretsecretsecretsecret")
  expect(typed).toMatchObject({ state: "warning", message: "AUTHCHEMY_SECRET can be guessed" })
})

test("the secret's file is this user's alone, and long enough; a missing one is made later", async () => {
  const config = configOf({ AUTHCHEMY_DATA_DIR: directory })
  const path = join(directory, "secret")
  expect(checkSecret(config)).toEqual({
    state: "ok",
    message: `${path} is made when the server first starts`,
  })
  await writeFile(path, `${"0123456789abcdef".repeat(2)}\n`, { mode: 0o600 })
  expect(checkSecret(config)).toEqual({ state: "ok", message: `${path} is this user's alone` })
  await chmod(path, 0o640)
  expect(checkSecret(config)).toMatchObject({ state: "wrong", message: `others may read ${path}` })
  await chmod(path, 0o600)
  await writeFile(path, "short\n")
  expect(checkSecret(config)).toMatchObject({ state: "wrong", message: `${path} is too short` })
})

test("the clients file is read", async () => {
  const path = join(directory, "clients.json")
  await writeFile(path, '{ "clients": [] }')
  expect(checkClientsFile(path)).toEqual({ state: "ok", message: `${path} has 0 clients` })
  await writeFile(path, "{")
  expect(() => checkClientsFile(path)).toThrow("must be JSON")
})

test.each([
  [{}, "ok"],
  [{ AUTHCHEMY_URL: "https://auth.example.com" }, "ok"],
  [{ AUTHCHEMY_URL: "https://auth.example.com", AUTHCHEMY_ALLOW_SIGN_UP: "open" }, "warning"],
  [
    {
      AUTHCHEMY_URL: "https://auth.example.com",
      AUTHCHEMY_ALLOW_SIGN_UP: "open",
      AUTHCHEMY_VERIFY_EMAIL: "true",
    },
    "ok",
  ],
  [
    {
      AUTHCHEMY_URL: "https://auth.example.com",
      AUTHCHEMY_ALLOW_SIGN_UP: "example.com",
      AUTHCHEMY_VERIFY_EMAIL: "true",
    },
    "ok",
  ],
])("accounts in anybody's name are warned of: %#", (env, state) => {
  expect(checkSignUp(configOf(env as Record<string, string>)).state).toBe(state)
})

test("codes without a challenge are warned of", () => {
  expect(checkCodeChallenge().state).toBe("warning")
})
