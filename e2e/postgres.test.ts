import { readdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import { Client } from "pg"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { type Certificates, createCertificates } from "./certificates.ts"
import { ada, createWorld, onRedis, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { migrateDatabase, run, type Server, startServer, temporaryDirectory } from "./processes.ts"
import { createStandIn } from "./stand-in.ts"
import { createPostgresDatabase, type Postgres, startPostgres } from "./start-postgres.ts"

const authchemy = (env: Record<string, string>, ...args: string[]) =>
  run(resolve(import.meta.dirname, "../bin/authchemy"), args, { env }).finished

/** The environment of a server that keeps accounts in PostgreSQL and codes and sessions in Redis. */
const onBoth = (databaseUrl: string) => ({
  ...onRedis(31),
  AUTHCHEMY_DATABASE_URL: databaseUrl,
  AUTHCHEMY_SECRET: "the-secret-of-the-servers-that-share",
})

/** The status and the `data` of an answer of the admin API. */
async function call(server: Server, bearer: string, method: string, path: string, body?: object) {
  const answer = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const { data } = (await answer.json()) as { data?: unknown }
  return { status: answer.status, retryAfter: answer.headers.get("retry-after"), data }
}

describe.skipIf(inject("postgresUrl") === null)("two servers on one PostgreSQL and one Redis", () => {
  let postgres: Postgres
  let world: World
  let other: Server
  let both: Server[]
  beforeAll(async () => {
    const started = await startPostgres()
    if (started === null) throw new Error("PostgreSQL is not installed")
    postgres = started
    const env = onBoth(await createPostgresDatabase(postgres.url, "authchemy"))
    await migrateDatabase(env)
    world = await createWorld("postgres", env)
    other = await startServer({ dataDirectory: join(world.home, "other"), env })
    both = [world.server, other]
  })
  afterAll(async () => {
    await other.stop()
    await world.remove()
    await postgres.remove()
  })

  const statuses = (token: string) => Promise.all(both.map((server) => statusWith(server, token)))
  const keyOf = async (token: string) => {
    const made = await call(world.server, token, "POST", "/access-keys", { name: "CI" })
    expect(made.status).toBe(201)
    return (made.data as { key: string }).key
  }

  test("who signs in at one is known at both, and so is what belongs to the account", async () => {
    await signIn(world)
    const token = await tokenOf(world)
    expect(await statuses(token)).toEqual([200, 200])
    expect(await statuses(await keyOf(token))).toEqual([200, 200])
    const made = await call(other, token, "POST", "/apps", { name: "Mine", chainNetworks: ["ETH_MAINNET"] })
    expect(made.status).toBe(201)
    const listed = await call(world.server, token, "GET", "/apps")
    expect(listed.data).toEqual({ apps: [made.data] })
    const command = await world.alchemy.run("apps", "list", "--json")
    expect(command.stdout).toContain('"Mine"')
  })

  test("a browser that signed in at one is signed in at the other", async () => {
    const browser = createStandIn()
    const page = await browser.open(`${world.server.url}/sign-in?return_to=/sessions`)
    const fields = { Email: ada.email, Password: ada.password }
    expect((await browser.press(page, "Sign in", fields)).text).toContain(ada.email)
    expect((await browser.open(`${other.url}/sessions`)).text).toContain(ada.email)
  })

  test("S46 who signs out at one is refused at both", async () => {
    await signIn(world, { flags: ["--port", "0", "--force"] })
    const token = await tokenOf(world)
    expect(await statuses(token)).toEqual([200, 200])
    const signedOut = await fetch(`${other.url}/api/cli/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await signedOut.json()).toEqual({ revoked: true })
    expect(await statuses(token)).toEqual([401, 401])
  })

  test("S52 PostgreSQL stopped: 503 and never a yes or a no; back again: all is as it was, and no server was started anew", async () => {
    await signIn(world, { flags: ["--port", "0", "--force"] })
    const token = await tokenOf(world)
    await postgres.stop()
    try {
      for (const server of both) {
        const answer = await call(server, token, "GET", "/apps")
        expect(answer).toMatchObject({ status: 503, retryAfter: "1" })
        // Who an account is was remembered, for five seconds.
        await expect
          .poll(() => call(server, token, "GET", "/me"), { timeout: 7_000 })
          .toMatchObject({ status: 503, retryAfter: "1" })
        expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
        expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      }
      const page = await createStandIn().open(`${other.url}/sign-in`)
      const fields = { Email: ada.email, Password: ada.password }
      expect((await createStandIn().press(page, "Sign in", fields)).status).toBe(503)
      for (const args of [["accounts", "list"], []]) {
        const refused = await authchemy({ ...world.server.env, AUTHCHEMY_PORT: "0" }, ...args)
        expect(refused.code).toBe(1)
        expect(refused.stderr).toMatch(/^authchemy: the database is out of reach: connect ECONNREFUSED .*\n$/)
      }
    } finally {
      await postgres.start()
    }
    for (const server of both) {
      await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200)
    }
    expect(await statuses(token)).toEqual([200, 200])
  })

  test("a disabled account is refused at once at both, with its token, its key and its password", async () => {
    await signIn(world, { flags: ["--port", "0", "--force"] })
    const token = await tokenOf(world)
    const key = await keyOf(token)
    expect([...(await statuses(token)), ...(await statuses(key))]).toEqual([200, 200, 200, 200])
    const disabled = await authchemy(world.server.env, "accounts", "disable", ada.email)
    expect(disabled.stdout).toMatch(/^Disabled ada@example.com; ended \d+ session/)
    expect([...(await statuses(token)), ...(await statuses(key))]).toEqual([401, 401, 401, 401])
    for (const server of both) {
      const browser = createStandIn()
      const fields = { Email: ada.email, Password: ada.password }
      const page = await browser.press(await browser.open(`${server.url}/sign-in`), "Sign in", fields)
      expect(page.text).toContain("This account is disabled")
    }
    expect((await authchemy(world.server.env, "accounts", "list")).stdout).toContain("\tdisabled\t")
  })

  test("nothing is kept on the servers' own machines", async () => {
    expect(await readdir(world.home)).toEqual(["config.json"])
  })

  test("S45 no password of the database stands in a log", () => {
    const { password } = new URL(postgres.url)
    for (const server of both) expect(server.log()).not.toContain(password)
  })

  test("no server makes the tables: on an empty database it says what to run, with one worker or several", async () => {
    const env = onBoth(await createPostgresDatabase(postgres.url, "empty"))
    const sentence = "authchemy: The database is not set up yet. Run: authchemy migrate\n"
    const refused = await authchemy({ ...env, AUTHCHEMY_PORT: "0" }, "serve")
    expect(refused).toMatchObject({ code: 1, stderr: sentence })
    const several = await authchemy({ ...env, AUTHCHEMY_PORT: "0" }, "serve", "--workers", "2")
    expect(several.code).toBe(1)
    expect(several.stderr.split(sentence)).toHaveLength(2)
    expect(await authchemy(env, "migrate", "--check")).toMatchObject({ code: 1, stderr: sentence })
  })

  test("several that migrate at the same moment make the tables once, and servers that start then all come up", async () => {
    const env = onBoth(await createPostgresDatabase(postgres.url, "at_once"))
    const said = await Promise.all([1, 2, 3].map(() => migrateDatabase(env)))
    expect(said.filter((text) => text.startsWith("Applied "))).toHaveLength(1)
    expect(said.filter((text) => text === "The database is up to date.\n")).toHaveLength(2)
    const servers = await Promise.all(
      [1, 2, 3].map((index) => startServer({ dataDirectory: join(world.home, `empty-${index}`), env })),
    )
    for (const server of servers) expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(await Promise.all(servers.map((server) => server.stop()))).toEqual([0, 0, 0])
  })

  test("a server finds a database of a later version, says so in its log, and serves", async () => {
    const url = await createPostgresDatabase(postgres.url, "later")
    const env = onBoth(url)
    await migrateDatabase(env)
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query("INSERT INTO kysely_migration VALUES ('999-later', '2030-01-01T00:00:00.000Z')")
    await client.end()
    const server = await startServer({ dataDirectory: join(world.home, "later"), env })
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    await server.stop()
    expect(server.log()).toContain(
      '"newerMigrations":["999-later"],"msg":"the database is newer than this version"',
    )
  })

  test("without a secret that all share, no server starts", async () => {
    const { AUTHCHEMY_SECRET: _, ...env } = world.server.env
    const refused = await authchemy(env)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/^AUTHCHEMY_SECRET: must be set beside AUTHCHEMY_DATABASE_URL/)
  })
})

describe.skipIf(inject("postgresUrl") === null)("a PostgreSQL that takes TLS only", () => {
  let certificates: Certificates
  let postgres: Postgres
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  beforeAll(async () => {
    directory = await temporaryDirectory("postgres-tls")
    certificates = await createCertificates()
    const started = await startPostgres({ certificates })
    if (started === null) throw new Error("PostgreSQL is not installed")
    postgres = started
  })
  afterAll(async () => {
    await postgres.remove()
    await certificates.remove()
    await directory.remove()
  })

  const listAccounts = (query: string) =>
    authchemy(
      { AUTHCHEMY_DATA_DIR: directory.path, ...onBoth(`${postgres.url}/postgres?${query}`) },
      "accounts",
      "list",
    )

  test("is spoken to where its certificate is known, or where the URL says not to look at it", async () => {
    await migrateDatabase(onBoth(`${postgres.url}/postgres?sslmode=no-verify`))
    const known = await listAccounts(`sslmode=verify-full&sslrootcert=${certificates.ca}`)
    expect(known).toMatchObject({ code: 0, stderr: "" })
    expect(await listAccounts("sslmode=no-verify")).toMatchObject({ code: 0, stderr: "" })
  })

  test.each([
    ["sslmode=verify-full", /out of reach: .*certificate/],
    ["sslmode=disable", /out of reach: no pg_hba\.conf entry .*no encryption/],
  ])("is not spoken to with %s", async (query, reason) => {
    const refused = await listAccounts(query)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(reason)
    expect(refused.stderr).not.toContain(new URL(postgres.url).password)
  })
})
