import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { newToken, startServer } from "../../testing-server.ts"
import { command as create } from "./create.ts"
import { command as remove } from "./delete.ts"

const CI = {
  id: "key_ci",
  name: "ci",
  scopes: ["account:read", "apps:read", "apps:write", "sessions:manage", "keys:manage"],
  createdAt: "2026-11-01T00:00:00.000Z",
  lastUsedAt: "2026-11-24T10:00:00.000Z",
}

async function signedIn(options: TestOptions = {}) {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  server.accessKeys.push(structuredClone(CI))
  return { server, machine: await testMachine({ server: server.origin, config, ...options }) }
}

test("a command line becomes options", () => {
  const raw = { name: "ci", scopes: "apps:read, account:read,apps:read", expiresIn: "90d" }
  expect(create.parse([], raw)).toEqual({
    accessKey: { name: "ci", scopes: ["apps:read", "account:read"], expiresInSeconds: 7_776_000 },
    dryRun: false,
  })
  expect(create.parse([], { name: "ci" })).toEqual({ accessKey: { name: "ci" }, dryRun: false })
  expect(remove.parse(["key_ci"], { yes: true })).toEqual({ id: "key_ci", yes: true, dryRun: false })
})

test.each([
  [create, [], {}, "--name is required"],
  [create, [], { name: "x".repeat(101) }, "--name must be at most 100"],
  [
    create,
    [],
    { name: "x", scopes: "apps" },
    "--scopes must be a list of account:read, apps:read, apps:write, sessions:manage, keys:manage.",
  ],
  [create, [], { name: "x", scopes: "offline_access" }, "--scopes must be a list of"],
  [create, [], { name: "x", scopes: "," }, "--scopes must name"],
  [create, [], { name: "x", expiresIn: "30s" }, "--expires-in must be"],
  [create, [], { name: "x", expiresIn: "3651d" }, "--expires-in must be at most ten years"],
  [remove, ["a/b"], {}, "a/b is not the id of an access key"],
] as const)("a wrong command line is refused by name (%#)", (command, operands, raw, named) => {
  expect(() => command.parse(operands, raw)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGS", message: expect.stringContaining(named) }),
  )
})

test("list: a table, and JSON as the server says it", async () => {
  const { server, machine } = await signedIn({ tty: true, columns: 120 })
  server.accessKeys.push({
    ...CI,
    id: "key_2",
    name: "read",
    scopes: ["apps:read"],
    expiresAt: "2027-01-02T00:00:00.000Z",
  })
  const { stdout } = await machine.run(["access-keys", "list"])
  expect(stdout).toBe(
    [
      "ID      NAME  SCOPES     CREATED     LAST USED    EXPIRES",
      "key_ci  ci    all        2026-11-01  2 hours ago  never",
      "key_2   read  apps:read  2026-11-01  2 hours ago  2027-01-02",
      "",
    ].join("\n"),
  )
  expect((await machine.run(["access-keys", "list", "--json"])).json).toEqual({
    accessKeys: server.accessKeys,
  })
  const narrow = (await machine.run(["access-keys", "list"], { columns: 40 })).stdout
  expect(narrow).toContain("  ID         key_ci\n")
  expect(narrow.split("\n").filter((line) => line.length > 40)).toEqual([])
})

test("list without keys says how to create one; a key that was never used says so", async () => {
  const { server, machine } = await signedIn({ tty: true, columns: 120 })
  const { lastUsedAt: _, ...unused } = CI
  server.accessKeys.splice(0, 1, unused)
  expect((await machine.run(["access-keys", "list"])).stdout).toMatch(/all +2026-11-01 +never +never\n$/)
  server.accessKeys.length = 0
  expect((await machine.run(["access-keys", "list"])).stdout).toContain("alchemy access-keys create")
})

test("create: the key is in the result, and works", async () => {
  const { server, machine } = await signedIn()
  const argv = ["access-keys", "create", "--name", "ci", "--scopes", "apps:read", "--expires-in", "30d"]
  const { code, json, stderr } = await machine.run(argv)
  const [key = ""] = server.keySecrets.keys()
  expect({ code, json }).toEqual({
    code: 0,
    json: {
      id: "key_2",
      name: "ci",
      scopes: ["apps:read"],
      createdAt: "2026-11-24T12:00:00.000Z",
      expiresAt: "2026-12-24T12:00:00.000Z",
      key,
    },
  })
  expect(stderr).not.toContain(key)
  expect(server.seen.at(-1)?.body).toBe('{"name":"ci","scopes":["apps:read"],"expiresInSeconds":2592000}')
  const used = await machine.run(["apps", "list"], { env: { ALCHEMY_ACCESS_KEY: key } })
  expect(used.code).toBe(0)
  expect(server.seen.at(-1)?.authorization).toBe(`Bearer ${key}`)
})

test("create in text shows the key once, in one piece at 40 columns, and says how to use it, --quiet too", async () => {
  const { server, machine } = await signedIn({ tty: true, columns: 40 })
  const { stdout } = await machine.run(["access-keys", "create", "--name", "ci", "--quiet"])
  const [key = ""] = server.keySecrets.keys()
  expect(stdout.split("\n").filter((line) => line === key)).toHaveLength(1)
  expect(stdout.split(key)).toHaveLength(2)
  expect(stdout).toContain("ALCHEMY_ACCESS_KEY")
  expect(stdout).toMatch(/expires {2}never/)
  expect(stdout.split("\n").filter((line) => line.length > 40 && line !== key)).toEqual([])
})

test.each([
  ["no answer", 0, "", 6],
  ["an answer of another form", 201, '{"data":{}}', 8],
  ["a fault of the server", 500, '{"error":"server_error","message":"m"}', 8],
  ["a fault of what stands before it", 502, "<html>", 8],
])("create with %s: there may be a key that nobody knows, so look first", async (_, status, body, exit) => {
  const { server, machine } = await signedIn()
  server.override("/v1/access-keys", (request, response) => {
    if (status === 0) request.socket.destroy()
    else response.writeHead(status).end(body)
  })
  const { code, error } = await machine.run(["access-keys", "create", "--name", "ci"])
  expect({ code, retryable: error.retryable }).toEqual({ code: exit, retryable: false })
  expect(error.hint).toContain("alchemy access-keys list")
})

test("create that the server refuses: its reason", async () => {
  const { server, machine } = await signedIn()
  const message = "scopes: a key can have no scope that its maker lacks (apps:write)."
  server.override("/v1/access-keys", (_request, response) =>
    response.writeHead(403).end(JSON.stringify({ error: "insufficient_scope", message })),
  )
  const { code, error } = await machine.run([
    "access-keys",
    "create",
    "--name",
    "x",
    "--scopes",
    "apps:write",
  ])
  expect({ code, error }).toMatchObject({ code: 8, error: { code: "ADMIN_API_ERROR", message } })
})

test("delete asks by name; no means no; where nobody can be asked --yes is needed", async () => {
  const { server, machine } = await signedIn({ tty: true })
  const argv = ["access-keys", "delete", "key_ci"]
  expect(await machine.run(argv)).toMatchObject({ code: 0, stdout: "Nothing was deleted.\n" })
  expect(machine.asked).toEqual(["Delete the access key ci (key_ci)? What uses it stops working."])
  for (const more of [["--no-interactive"], ["--json"]]) {
    expect(await machine.run([...argv, ...more])).toMatchObject({ code: 2 })
  }
  expect(server.accessKeys).toHaveLength(1)
  expect((await machine.run(argv, { confirm: true })).stdout).toBe("✓ Deleted key_ci.\n")
  expect(server.accessKeys).toEqual([])
})

test.each([
  ["with --yes", ["--yes"]],
  ["asked about", []],
])("a key that is not there, %s: NOT_FOUND, with the command that lists them", async (_, more) => {
  const { machine } = await signedIn({ tty: true })
  const { code, stderr } = await machine.run(["access-keys", "delete", "key_9", ...more], { columns: 200 })
  expect(code).toBe(4)
  expect(stderr).toContain("`alchemy access-keys list` shows what there is.")
  expect(machine.asked).toEqual([])
})

test.each([
  [["create", "--name", "ci"], { method: "POST", body: { name: "ci" } }],
  [["delete", "key_ci"], { method: "DELETE", url: `${NOBODY}/v1/access-keys/key_ci` }],
])("--dry-run of %j sends nothing and needs no sign-in", async (argv, request) => {
  const machine = await testMachine({ server: NOBODY })
  const { code, json } = await machine.run(["access-keys", ...argv, "--dry-run"])
  expect({ code, json }).toMatchObject({ code: 0, json: { dryRun: true, ...request } })
})

test("an access key may manage keys as well", async () => {
  const { server, machine } = await signedIn()
  const key = newToken("ak")
  server.keySecrets.set(key, "key_ci")
  const { code } = await machine.run(["access-keys", "list", "--access-key", key])
  expect({ code, with: server.seen.at(-1)?.authorization }).toEqual({ code: 0, with: `Bearer ${key}` })
})
