import { hash } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { createClient } from "@redis/client"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { ada, createWorld, onRedis, signIn, statusWith, tokenOf, type World } from "./people.ts"

describe.each([
  ["SQLite", () => ({})],
  ["Redis", () => onRedis(1)],
])("the whole journey on %s", (_store, env) => {
  let world: World
  let token: string
  beforeAll(async () => {
    world = await createWorld("journey", env())
  })
  afterAll(() => world.remove())

  test("a person signs in through the browser, and the command holds a token", async () => {
    const { finished, page } = await signIn(world)
    expect(finished).toMatchObject({ code: 0 })
    expect(page.status).toBe(200)
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/)
    expect(JSON.parse(finished.stdout)).toMatchObject({
      status: "signed_in",
      account: { email: ada.email, name: ada.name },
    })
    token = await tokenOf(world)
    expect(token).toMatch(/^alchemy_at_[0-9A-Za-z]{53}$/)
    expect((await stat(world.alchemy.configPath)).mode & 0o777).toBe(0o600)
  })

  test("is known", async () => {
    const status = await world.alchemy.run("auth", "status")
    expect(status.code).toBe(0)
    expect(JSON.parse(status.stdout)).toMatchObject({ state: "active", account: { email: ada.email } })
    expect(status.stdout).not.toContain(token)
    expect(await statusWith(world.server, token)).toBe(200)
  })

  test("works with apps", async () => {
    const created = await world.alchemy.run("apps", "create", "--name", "First", "--networks", "ETH_MAINNET")
    expect(created.code).toBe(0)
    const list = await world.alchemy.run("apps", "list")
    expect(list.code).toBe(0)
    expect(JSON.parse(list.stdout).apps).toMatchObject([{ name: "First" }])
    const { id } = JSON.parse(list.stdout).apps[0]
    expect((await world.alchemy.run("apps", "update", id, "--name", "Second")).code).toBe(0)
    expect(JSON.parse((await world.alchemy.run("apps", "get", id)).stdout)).toMatchObject({ name: "Second" })
    expect((await world.alchemy.run("apps", "delete", id, "--yes")).code).toBe(0)
    expect((await world.alchemy.run("apps", "get", id)).code).toBe(4)
    expect(JSON.parse((await world.alchemy.run("apps", "chains")).stdout).chains.length).toBeGreaterThan(5)
  })

  test("signs out: the session has ended on the server, and nothing is left here", async () => {
    const signedOut = await world.alchemy.run("auth", "logout")
    expect(signedOut).toMatchObject({ code: 0 })
    expect(JSON.parse(signedOut.stdout)).toMatchObject({ server: "revoked" })
    expect(await statusWith(world.server, token)).toBe(401)
    expect(await readFile(world.alchemy.configPath, "utf8")).not.toContain("alchemy_at_")
    const again = await world.alchemy.run("auth", "logout")
    expect(again).toMatchObject({ code: 0 })
    expect(JSON.parse(again.stdout)).toMatchObject({ server: "none" })
    expect((await world.alchemy.run("auth", "status")).code).toBe(3)
  })

  test("a denial ends the command with its own error", async () => {
    const { finished } = await signIn(world, { decision: "Deny" })
    expect(finished.code).not.toBe(0)
    const lines = finished.stderr.trim().split("\n")
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ error: { code: "LOGIN_DENIED" } })
    expect((await world.alchemy.run("auth", "status")).code).toBe(3)
  })

  test("`--force` ends the old session once the new one works", async () => {
    await signIn(world)
    const old = await tokenOf(world)
    expect(JSON.parse((await world.alchemy.run("auth", "login", "--no-browser")).stdout)).toMatchObject({
      status: "already_signed_in",
    })
    await signIn(world, { flags: ["--port", "0", "--force"] })
    const current = await tokenOf(world)
    expect(current).not.toBe(old)
    expect(await statusWith(world.server, old)).toBe(401)
    expect(await statusWith(world.server, current)).toBe(200)
    await world.alchemy.run("auth", "logout")
  })

  test("a disabled account's sessions are dead at once", async () => {
    await signIn(world)
    const mine = await tokenOf(world)
    const { run } = await import("./processes.ts")
    const disabled = await run("bin/authchemy", ["accounts", "disable", "--email", ada.email], {
      env: world.server.env,
    }).finished
    expect(disabled).toMatchObject({ code: 0 })
    expect(await statusWith(world.server, mine)).toBe(401)
    const signedOut = await world.alchemy.run("auth", "logout")
    expect(JSON.parse(signedOut.stdout)).toMatchObject({ server: "already_ended" })
  })
})

test("in Redis the session's key is there after sign-in, holds no token, and is gone after `auth logout`", async () => {
  const world = await createWorld("redis-keys", onRedis(2))
  const redis = createClient({ url: `${inject("redisUrl")}/2` })
  await redis.connect()
  try {
    await signIn(world)
    const token = await tokenOf(world)
    const sessionKeys = () => redis.keys("authchemy:s:*")
    const [key = ""] = await sessionKeys()
    expect(key).toMatch(/^authchemy:s:\{[0-9A-Za-z]{4}\}$/)
    const digest = hash("sha256", token, "base64url")
    expect(await redis.hExists(key, digest)).toBe(1)
    for (const name of await redis.keys("*")) {
      const type = await redis.type(name)
      const value =
        type === "string"
          ? await redis.get(name)
          : type === "hash"
            ? JSON.stringify(await redis.hGetAll(name))
            : JSON.stringify(await redis.xRange(name, "-", "+"))
      expect(`${name} ${value}`).not.toContain(token)
      expect(`${name} ${value}`).not.toContain(token.slice(15, 58))
    }
    expect(JSON.parse((await world.alchemy.run("auth", "logout")).stdout)).toMatchObject({
      server: "revoked",
    })
    expect(await sessionKeys()).toEqual([])
  } finally {
    await redis.close()
    await world.remove()
  }
})
