import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { systemKeychain } from "@authchemy/cli-sign-in"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createWorld, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { alchemyFor, type Finished } from "./processes.ts"
import { type Answering, missingPackages, type SecretService, startSecretService } from "./secret-service.ts"

/** What is promised of every command, whatever its keychain does, in milliseconds. */
const PROMISED_MS = 4000
const json = (finished: Finished) => JSON.parse(finished.stdout)
const errorOf = (finished: Finished) => JSON.parse(finished.stderr.trim().split("\n").at(-1) ?? "").error

if (missingPackages.length > 0) {
  console.warn(`Tests with a keychain are skipped. Debian: sudo apt-get install ${missingPackages.join(" ")}`)
}

describe.skipIf(missingPackages.length > 0)("with the Secret Service", () => {
  let world: World
  let service: SecretService
  beforeAll(async () => {
    world = await createWorld("keychain")
    service = await startSecretService(join(world.home, "session"))
    world.alchemy = alchemyFor({ home: world.home, authUrl: world.server.url, env: service.env })
  })
  afterAll(async () => {
    await service.stop()
    await world.remove()
  })
  const kept = () => service.secretsOf("alchemy-cli")
  const config = async () => JSON.parse(await readFile(world.alchemy.configPath, "utf8"))
  const run = (...args: string[]) => world.alchemy.run(...args)
  const promptly = async (...args: string[]) => {
    const finished = await run(...args)
    expect(finished.ms, args.join(" ")).toBeLessThan(PROMISED_MS)
    return finished
  }
  /** Signed in, with the token in the keychain. */
  const signedIn = async (): Promise<string> => {
    await service.answer("unlocked")
    const { finished } = await signIn(world, { flags: ["--port", "0", "--force"] })
    expect(json(finished)).toMatchObject({ keptIn: "keychain" })
    return tokenOf(world)
  }

  test("the token is in the keychain and nowhere in the file; it works, and is gone after signing out", async () => {
    const token = await signedIn()
    expect(await kept()).toEqual([token])
    expect(JSON.stringify(await config())).not.toContain(token.slice(15))
    const status = await run("auth", "status")
    expect(status.code).toBe(0)
    expect(json(status)).toMatchObject({
      state: "active",
      origin: "keychain",
      storedIn: "Secret Service keychain",
    })
    expect(await run("apps", "list")).toMatchObject({ code: 0 })
    const signedOut = await run("auth", "logout")
    expect(json(signedOut)).toEqual({ server: "revoked", cleared: true })
    expect(await statusWith(world.server, token)).toBe(401)
    expect([await kept(), await config()]).toEqual([[], {}])
  })

  test("`config set credential-store` moves it, and moves it back", async () => {
    const token = await signedIn()
    expect(await run("config", "set", "credential-store", "file")).toMatchObject({ code: 0 })
    expect([await kept(), (await config()).auth_token]).toEqual([[], token])
    expect(await run("config", "set", "credential-store", "keychain")).toMatchObject({ code: 0 })
    expect([await kept(), (await config()).auth_token]).toEqual([[token], undefined])
    expect(json(await run("auth", "status"))).toMatchObject({ state: "active", origin: "keychain" })
    await run("config", "reset", "credential-store")
    await run("auth", "logout")
  })

  test("one that is locked does not pass for one that has no such entry, nor for one from which it has gone", async () => {
    const keychain = systemKeychain({
      service: "alchemy-cli",
      env: { ...process.env, ...service.env },
      platform: "linux",
    })
    await service.answer("locked")
    await expect(keychain.read("no such entry")).rejects.toMatchObject({ problem: "locked" })
    await expect(keychain.remove("no such entry")).rejects.toMatchObject({ problem: "locked" })
    await service.answer("unlocked")
    expect(await keychain.read("no such entry")).toBeNull()
    await keychain.remove("no such entry")
    expect(await kept()).toEqual([])
  })

  const troubles: [Answering, RegExp][] = [
    ["locked", /it is locked/],
    ["hanging", /did not answer/],
    ["nobody", /there is none that can be used/],
    ["nonsense", /it refused/],
  ]
  test.each(troubles)(
    "%s: nobody is taken for signed out, and signing out ends the session all the same",
    async (by, why) => {
      const token = await signedIn()
      await service.answer(by)
      const status = await promptly("auth", "status")
      expect(status.code).toBe(3)
      expect(json(status)).toMatchObject({ state: "locked", origin: "keychain", account: expect.anything() })
      expect(status.stdout).toMatch(why)
      const call = await promptly("apps", "list")
      expect(call.code).not.toBe(0)
      expect(errorOf(call)).toMatchObject({
        code: "CREDENTIAL_STORE_ERROR",
        message: expect.stringMatching(why),
      })

      // Doing without it is no dead end.
      expect(json(await promptly("config", "set", "credential-store", "file"))).toMatchObject({
        moved: [],
        left: [{ profile: "default", reason: expect.stringMatching(why) }],
      })
      await run("config", "reset", "credential-store")

      const signedOut = await promptly("auth", "logout")
      expect(signedOut.code).toBe(0)
      expect(json(signedOut)).toMatchObject({
        server: "revoked",
        warnings: [expect.stringMatching(/keychain/)],
      })
      expect(await config()).toEqual({ keychain_leftovers: [{ entry: expect.any(String) }] })
      expect(await statusWith(world.server, token)).toBe(401)
      expect(json(await run("auth", "status"))).toMatchObject({ state: "none" })
      // A later command takes it out.
      const later = await signedIn()
      expect(await kept()).toEqual([later])
      await run("auth", "logout")
      expect([await kept(), await config()]).toEqual([[], {}])
    },
  )

  test.each(troubles)(
    "%s: a new sign-in is kept in the file, and it is said why; where it may not be, nobody is asked for approval",
    async (by, why) => {
      await service.answer("unlocked")
      await service.answer(by)
      const { finished } = await signIn(world)
      expect(json(finished)).toMatchObject({ keptIn: "file", keychain: expect.stringMatching(why) })
      expect(await run("apps", "list")).toMatchObject({ code: 0 })
      expect(json(await run("auth", "logout"))).toMatchObject({ server: "revoked", cleared: true })

      await service.answer("unlocked")
      await run("config", "set", "credential-store", "keychain")
      await service.answer(by)
      const refused = await promptly("auth", "login", "--no-browser", "--port", "0")
      expect(refused.code).not.toBe(0)
      expect(refused.stdout + refused.stderr).not.toContain('"url"')
      expect(errorOf(refused)).toMatchObject({
        code: "CREDENTIAL_STORE_ERROR",
        message: expect.stringMatching(why),
      })
      await service.answer("unlocked")
      await run("config", "reset", "credential-store")
    },
  )

  test("ten commands that sign out and ten that move the sign-in at once: the file is whole, and nothing is left", async () => {
    for (let round = 0; round < 2; round++) {
      const token = await signedIn()
      const commands = Array.from({ length: 10 }, (_, index) =>
        round === 0
          ? ["auth", "logout"]
          : ["config", "set", "credential-store", index % 2 === 0 ? "file" : "keychain"],
      )
      const finished = await Promise.all(commands.map((args) => world.alchemy.run(...args)))
      for (const { code, stderr } of finished) expect(code, stderr).toBe(0)
      if (round === 1) {
        expect(json(await world.alchemy.run("auth", "status"))).toMatchObject({ state: "active" })
        expect(await tokenOf(world)).toBe(token)
        await run("config", "reset", "credential-store")
        await run("auth", "logout")
      }
      expect(await statusWith(world.server, token)).toBe(401)
      await run("auth", "logout")
      const { keychain_leftovers: leftovers = [] } = await config()
      if (leftovers.length > 0) await signedIn().then(() => run("auth", "logout"))
      expect([await kept(), await config()]).toEqual([[], {}])
    }
  }, 120_000)
})

describe.skipIf(missingPackages.length > 0)("with a keychain that a sandbox forbids", () => {
  test("a sign-in is kept in the file, and it is said why", async () => {
    const world = await createWorld("keychain-refusing")
    const service = await startSecretService(join(world.home, "session"), { refuses: true })
    try {
      world.alchemy = alchemyFor({ home: world.home, authUrl: world.server.url, env: service.env })
      await service.answer("unlocked")
      const { finished } = await signIn(world)
      expect(json(finished)).toMatchObject({ keptIn: "file", keychain: expect.stringMatching(/refused/) })
      expect(await world.alchemy.run("auth", "logout")).toMatchObject({ code: 0 })
    } finally {
      await service.stop()
      await world.remove()
    }
  })
})

test("without a session bus no process is started for a keychain: the file keeps the token", async () => {
  const world = await createWorld("keychain-none")
  try {
    const { finished } = await signIn(world)
    expect(json(finished)).toMatchObject({
      keptIn: "file",
      keychain: expect.stringMatching(/no session bus/),
    })
    const refused = await world.alchemy.run("config", "set", "credential-store", "keychain")
    expect(errorOf(refused)).toMatchObject({ code: "CREDENTIAL_STORE_ERROR" })
    expect(json(await world.alchemy.run("auth", "status"))).toMatchObject({ state: "active" })
  } finally {
    await world.remove()
  }
})
