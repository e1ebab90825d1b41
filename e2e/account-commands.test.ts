import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createWorld, onRedis, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { alchemyFor, run } from "./processes.ts"

describe.each([
  ["SQLite", () => ({})],
  ["Redis", () => onRedis(11)],
])("what the command does with an account, on %s", (_store, env) => {
  let world: World
  let laptop: ReturnType<typeof alchemyFor>
  const json = async (machine: ReturnType<typeof alchemyFor>, ...args: string[]) => {
    const { code, stdout, stderr } = await machine.run(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    return JSON.parse(stdout)
  }

  beforeAll(async () => {
    world = await createWorld("account-commands", env())
    await signIn(world)
    laptop = alchemyFor({ home: join(world.home, "laptop"), authUrl: world.server.url })
    await signIn({ ...world, alchemy: laptop })
  })
  afterAll(() => world.remove())

  test("each machine sees both sessions and which is its own, and ends the other by the beginning of its id", async () => {
    const { sessions } = await json(world.alchemy, "auth", "sessions")
    expect(sessions.map(({ current }: { current: boolean }) => current)).toEqual([true, false])
    const other = sessions[1].id
    const token = await tokenOf({ ...world, alchemy: laptop })
    const ended = await json(world.alchemy, "auth", "sessions", "revoke", other.slice(0, 10))
    expect(ended).toEqual({ id: other, ended: true, current: false, cleared: false })
    expect(await statusWith(world.server, token)).toBe(401)
    expect((await json(world.alchemy, "auth", "sessions")).sessions).toHaveLength(1)
  })

  test("a leaked token is ended by a machine that is not signed in", async () => {
    await signIn({ ...world, alchemy: laptop }, { flags: ["--port", "0", "--force"] })
    const token = await tokenOf({ ...world, alchemy: laptop })
    const finder = alchemyFor({ home: join(world.home, "finder"), authUrl: world.server.url })
    const revoke = () =>
      run("bin/alchemy", ["auth", "revoke"], { env: finder.env, input: `${token}\n` }).finished
    expect(JSON.parse((await revoke()).stdout).tokens).toMatchObject([{ server: "revoked" }])
    expect(await statusWith(world.server, token)).toBe(401)
    expect(JSON.parse((await revoke()).stdout).tokens).toMatchObject([{ server: "already_ended" }])
  })

  test("an access key works until it is deleted, and does only what it may", async () => {
    const made = await json(world.alchemy, "access-keys", "create", "--name", "ci", "--scopes", "apps:read")
    const job = alchemyFor({
      home: join(world.home, "job"),
      authUrl: world.server.url,
      env: { ALCHEMY_ACCESS_KEY: made.key },
    })
    expect((await json(job, "apps", "list")).apps).toEqual([])
    const { code, stderr } = await job.run("apps", "create", "--name", "x", "--networks", "ETH_MAINNET")
    expect({ code, error: JSON.parse(stderr).error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
    const { accessKeys } = await json(world.alchemy, "access-keys", "list")
    expect(accessKeys).toMatchObject([{ id: made.id, name: "ci", scopes: ["apps:read"] }])
    await json(world.alchemy, "access-keys", "delete", made.id, "--yes")
    expect((await job.run("apps", "list")).code).toBe(3)
  })

  test("the selected app's networks and allow-lists change as the flags say", async () => {
    const flags = ["--name", "demo", "--networks", "ETH_MAINNET"]
    const { id } = await json(world.alchemy, "apps", "create", ...flags)
    await json(world.alchemy, "apps", "select", id)
    expect(await json(world.alchemy, "apps", "networks", "--add", "BASE_MAINNET")).toMatchObject({
      added: ["BASE_MAINNET"],
      chainNetworks: [{ id: "ETH_MAINNET" }, { id: "BASE_MAINNET" }],
    })
    const office = { name: "office", value: "203.0.113.0/24" }
    await json(world.alchemy, "apps", "ip-allowlist", "--set", "office=203.0.113.0/24")
    await json(world.alchemy, "apps", "origin-allowlist", "--add", "https://*.example.com")
    await json(world.alchemy, "apps", "address-allowlist", "--add", `0x${"Ab".repeat(20)}`)
    expect(await json(world.alchemy, "apps", "get")).toMatchObject({
      ipAllowlist: [office],
      originAllowlist: [{ value: "https://*.example.com" }],
      addressAllowlist: [{ value: `0x${"Ab".repeat(20)}` }],
    })
    const again = await json(world.alchemy, "apps", "address-allowlist", "--add", `0x${"aB".repeat(20)}`)
    expect(again).toMatchObject({ changed: false })
    const wrong = await world.alchemy.run("apps", "ip-allowlist", "--add", "300.0.0.1")
    expect(wrong.code).toBe(8)
    expect(JSON.parse(wrong.stderr).error.message).toContain("must be an IPv4 or IPv6 address")
    expect(await json(world.alchemy, "apps", "ip-allowlist", "--clear")).toMatchObject({ everybody: true })
  })

  test("six changes of one app at once all land, whatever list they are of", async () => {
    const flags = ["--name", "contended", "--networks", "ETH_MAINNET"]
    const { id } = await json(world.alchemy, "apps", "create", ...flags)
    const hosts = ["a", "b", "c", "d", "e", "f"].map((name) => `https://${name}.example.com`)
    await Promise.all(hosts.map((host) => json(world.alchemy, "apps", "origin-allowlist", id, "--add", host)))
    const { originAllowlist } = await json(world.alchemy, "apps", "get", id)
    expect(originAllowlist.map(({ value }: { value: string }) => value).toSorted()).toEqual(hosts)
    await Promise.all([
      json(world.alchemy, "apps", "networks", id, "--add", "BASE_MAINNET"),
      json(world.alchemy, "apps", "networks", id, "--add", "OPT_MAINNET"),
      json(world.alchemy, "apps", "ip-allowlist", id, "--add", "::1"),
      json(world.alchemy, "apps", "ip-allowlist", id, "--add", "10.0.0.1,10.0.0.2/32"),
      ...hosts
        .slice(0, 2)
        .map((host) => json(world.alchemy, "apps", "origin-allowlist", id, "--remove", host)),
    ])
    const after = await json(world.alchemy, "apps", "get", id)
    expect(after.chainNetworks).toHaveLength(3)
    expect(after.originAllowlist).toHaveLength(4)
    const ips = ["0:0:0:0:0:0:0:1", "10.0.0.1/32", "198.51.100.1"]
    expect(await json(world.alchemy, "apps", "ip-allowlist", id, "--remove", ips.join(","))).toMatchObject({
      ipAllowlist: [{ value: "10.0.0.2/32" }],
      absent: [{ value: "198.51.100.1" }],
    })
    const long = Array.from(
      { length: 90 },
      (_, index) => `https://${"x".repeat(60)}.${"y".repeat(60)}.${"z".repeat(60)}.n${index}.example`,
    )
    const refused = await world.alchemy.run("apps", "origin-allowlist", id, "--set", long.join(","))
    expect(JSON.parse(refused.stderr).error.message).toBe("The list is too long for one request.")
  })

  test("ending its own session signs the machine out", async () => {
    const token = await tokenOf(world)
    const { sessions } = await json(world.alchemy, "auth", "sessions")
    const own = sessions.find(({ current }: { current: boolean }) => current)
    expect((await world.alchemy.run("auth", "sessions", "revoke", own.id)).code).toBe(2)
    expect(await json(world.alchemy, "auth", "sessions", "revoke", own.id, "--yes")).toMatchObject({
      cleared: true,
    })
    expect(await statusWith(world.server, token)).toBe(401)
    expect(await json(world.alchemy, "config", "list")).not.toHaveProperty("auth_token")
  })
})
