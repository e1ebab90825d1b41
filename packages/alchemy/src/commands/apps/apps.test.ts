import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { APP, startServer } from "../../testing-server.ts"
import { command as create } from "./create.ts"
import { command as remove } from "./delete.ts"
import { command as get } from "./get.ts"
import { command as list } from "./list.ts"
import { command as update } from "./update.ts"

const MASKED_KEY = "apik…efgh"

async function signedIn(options: TestOptions = {}) {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  return { server, config, machine: await testMachine({ server: server.origin, config, ...options }) }
}

test.each([
  [list, [], { limit: "5", cursor: "c" }, { limit: 5, cursor: "c", all: false }],
  [list, [], { all: true }, { all: true, limit: undefined }],
  [get, ["app_1"], {}, { id: "app_1" }],
  [
    create,
    [],
    { name: "demo", networks: "a, b,a", description: "d", products: "p" },
    { app: { name: "demo", chainNetworks: ["a", "b"], description: "d", products: ["p"] }, dryRun: false },
  ],
  [update, ["app_1"], { description: "" }, { id: "app_1", change: { description: "" }, dryRun: false }],
  [remove, ["app_1"], { yes: true, dryRun: true }, { id: "app_1", yes: true, dryRun: true }],
] as const)("a command line becomes options (%#)", (command, operands, raw, options) => {
  expect(command.parse(operands, raw)).toMatchObject(options)
})

test.each([
  [list, [], { limit: "0" }, "--limit"],
  [list, [], { limit: "101" }, "--limit"],
  [create, [], { networks: "a" }, "--name"],
  [create, [], { name: "x" }, "--networks"],
  [create, [], { name: "x".repeat(101), networks: "a" }, "--name"],
  [create, [], { name: "x", networks: "," }, "--networks"],
  [update, ["app_1"], {}, "--name"],
  [update, ["app_1"], { description: "x".repeat(501) }, "--description"],
  [get, [".."], {}, "id"],
  [get, ["a/b"], {}, "id"],
  [remove, ["a?b"], {}, "id"],
] as const)("a wrong command line is refused by name (%#)", (command, operands, raw, named) => {
  expect(() => command.parse(operands, raw)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGS", message: expect.stringContaining(named) }),
  )
})

test("list: a page, its cursor, and every page", async () => {
  const { server, machine } = await signedIn()
  server.apps.push(...Array.from({ length: 120 }, (_, index) => ({ ...APP, id: `app_${index + 2}` })))
  const page = (await machine.run(["apps", "list", "--limit", "2"])).json
  expect(page).toMatchObject({ apps: [{ id: "app_1" }, { id: "app_2" }], cursor: "2" })
  const next = (await machine.run(["apps", "list", "--limit", "1", "--cursor", "2"])).json
  expect(next.apps[0].id).toBe("app_3")
  const all = (await machine.run(["apps", "list", "--all"])).json
  expect(all.apps).toHaveLength(121)
  expect(all).not.toHaveProperty("cursor")
})

test("list in text is a table, at 40 columns one block an app", async () => {
  const { machine } = await signedIn({ tty: true })
  const wide = (await machine.run(["apps", "list"], { columns: 100 })).stdout
  expect(wide).toBe("ID     NAME  NETWORKS     CREATED\napp_1  demo  eth-mainnet  2026-11-01\n")
  const narrow = (await machine.run(["apps", "list"], { columns: 30 })).stdout
  expect(narrow).toContain("  ID        app_1\n")
})

test("list without apps says how to create one", async () => {
  const { server, machine } = await signedIn({ tty: true })
  server.apps.length = 0
  expect((await machine.run(["apps", "list"])).stdout).toContain("alchemy apps create")
  expect((await machine.run(["apps", "list", "--cursor", "9"])).stdout).toBe("There are no more apps.\n")
})

test("list --all shows how far it is, once it takes a while", async () => {
  const { server, machine } = await signedIn()
  const ticks = new Set<() => void>()
  const every = (_: number, tick: () => void) => {
    ticks.add(tick)
    return () => ticks.delete(tick)
  }
  server.override("/v1/apps", (request, response) => {
    for (let time = 0; time < 5; time++) for (const tick of ticks) tick()
    const more = request.url?.includes("cursor") ? {} : { cursor: "2" }
    response.end(JSON.stringify({ data: { apps: [APP, APP], ...more } }))
  })
  const programs = await machine.run(["apps", "list", "--all"], { context: { every } })
  expect(programs.stderr).toBe('{"event":"progress","done":2,"what":"apps"}\n')
  const people = await machine.run(["apps", "list", "--all"], { tty: true, context: { every } })
  expect(people.stderr).toContain("Waiting for apps... 2\u001b[K")
  expect(people.stderr).toMatch(/\r\u001b\[K\u001b\[\?25h$/)
  expect(people.stdout).not.toContain("\u001b")
  for (const more of [["--quiet"], ["--quiet", "--json"]]) {
    const { stderr } = await machine.run(["apps", "list", "--all", ...more], { context: { every } })
    expect(stderr).toBe("")
  }
  expect(ticks.size).toBe(0)
})

test("at 40 columns no line of a list is longer, but for single words", async () => {
  const { server, machine } = await signedIn({ tty: true, columns: 40 })
  server.apps.push({ ...APP, id: "app_2", name: "An app with quite a long name, as people give them" })
  for (const argv of [["list"], ["list", "--limit", "1"], ["get", "app_2"], ["chains"]]) {
    const { stdout } = await machine.run(["apps", ...argv])
    expect(stdout.split("\n").filter((line) => line.length > 40 && line.includes(" "))).toEqual([])
  }
})

test("a list that does not end is an error", async () => {
  const { server, machine } = await signedIn()
  server.override("/v1/apps", (_request, response) =>
    response.end(JSON.stringify({ data: { apps: [], cursor: "same" } })),
  )
  const { code, error } = await machine.run(["apps", "list", "--all"])
  expect({ code, error: error.code }).toEqual({ code: 8, error: "ADMIN_API_ERROR" })
})

test("keys and the addresses that carry them are masked unless --reveal, in JSON and in text", async () => {
  const { machine } = await signedIn()
  const { stdout, json } = await machine.run(["apps", "get", "app_1"])
  expect(json).toMatchObject({
    apiKey: MASKED_KEY,
    chainNetworks: [{ rpcUrl: `https://eth.example.com/v2/${MASKED_KEY}` }],
  })
  const text = (await machine.run(["apps", "get", "app_1"], { tty: true })).stdout
  expect(text).toContain(MASKED_KEY)
  for (const shown of [stdout, text]) {
    expect(shown).not.toContain(APP.apiKey)
    expect(shown).not.toContain(APP.webhookApiKey)
  }
  expect((await machine.run(["apps", "get", "app_1", "--reveal"])).json).toEqual(APP)
})

test("create, update, delete and chains", async () => {
  const { server, machine } = await signedIn()
  const created = await machine.run(["apps", "create", "--name", "demo", "--networks", "eth-mainnet"])
  expect(created).toMatchObject({ code: 0, json: { name: "demo", apiKey: MASKED_KEY } })
  expect(server.seen.find(({ method }) => method === "POST")?.body).toBe(
    '{"name":"demo","chainNetworks":["eth-mainnet"]}',
  )
  const updated = await machine.run(["apps", "update", "app_1", "--name", "renamed"])
  expect(updated).toMatchObject({ code: 0, json: { name: "renamed" } })
  const chains = await machine.run(["apps", "chains"])
  expect(chains.json.chains[0].id).toBe("eth-mainnet")
  expect((await machine.run(["apps", "chains"], { tty: true })).stdout).toContain("eth-mainnet")
  expect((await machine.run(["apps", "delete", "app_1", "--yes"])).json).toEqual({
    id: "app_1",
    deleted: true,
  })
  expect(server.apps).toEqual([])
  expect(await machine.run(["apps", "get", "app_1"])).toMatchObject({ code: 4, error: { code: "NOT_FOUND" } })
})

test("text of create, update and delete", async () => {
  const { machine } = await signedIn({ tty: true })
  const flags = ["--name", "demo", "--networks", "eth-mainnet"]
  expect((await machine.run(["apps", "create", ...flags])).stdout).toMatch(/^✓ Created demo\n {2}id/)
  expect((await machine.run(["apps", "update", "app_1", "--name", "n"])).stdout).toMatch(/^✓ Updated n\n/)
  expect((await machine.run(["apps", "delete", "app_1", "-y"])).stdout).toBe("✓ Deleted app_1.\n")
})

test("delete asks; no means no, and where nobody can be asked --yes is needed", async () => {
  const { server, machine } = await signedIn({ tty: true })
  const no = await machine.run(["apps", "delete", "app_1"])
  expect(no).toMatchObject({ code: 0, stdout: "Nothing was deleted.\n" })
  expect(machine.asked).toEqual(["Delete the app demo (app_1)? Its keys stop working."])
  expect(await machine.run(["apps", "delete", "app_1", "--no-interactive"])).toMatchObject({ code: 2 })
  expect(
    await machine.run(["apps", "delete", "app_1"], { env: { ALCHEMY_NON_INTERACTIVE: "1" } }),
  ).toMatchObject({
    code: 2,
  })
  expect(await machine.run(["apps", "delete", "app_1"], { tty: false })).toMatchObject({ code: 2 })
  expect(server.seen.some(({ method }) => method === "DELETE")).toBe(false)
  await machine.run(["apps", "delete", "app_1"], { confirm: true })
  expect(server.apps).toEqual([])
})

test.each([
  [
    ["create", "--name", "x", "--networks", "a"],
    { method: "POST", body: { name: "x", chainNetworks: ["a"] } },
  ],
  [["update", "app_1", "--name", "x"], { method: "PATCH", body: { name: "x" } }],
  [["delete", "app_1"], { method: "DELETE" }],
])("--dry-run of %j sends nothing and needs no sign-in", async (argv, request) => {
  const machine = await testMachine({ server: NOBODY })
  const { code, json } = await machine.run(["apps", ...argv, "--dry-run"])
  expect({ code, json }).toMatchObject({ code: 0, json: { dryRun: true, ...request } })
})

test("create with a network that the server refuses names the command that lists them", async () => {
  const server = await startServer()
  server.override("/v1/apps", (_request, response) => {
    response
      .writeHead(400)
      .end(JSON.stringify({ error: "invalid_request", message: "chainNetworks: there is no NOPE" }))
  })
  const machine = await testMachine({ server: server.origin, config: signedInConfig(server.origin) })
  const { code, error } = await machine.run(["apps", "create", "--name", "x", "--networks", "NOPE"])
  expect({ code, error }).toMatchObject({
    code: 8,
    error: { code: "ADMIN_API_ERROR", message: "--networks: there is no NOPE" },
  })
  expect(error.hint).toContain("alchemy apps chains")
})

test.each([
  ["no answer", 0, "", 6],
  ["an answer of another form", 201, '{"data":{}}', 8],
  ["a fault of the server", 503, '{"error":"temporarily_unavailable","message":"m"}', 8],
])("create with %s: there may be an app by now, so look first", async (_, status, body, exit) => {
  const { server, machine } = await signedIn()
  server.override("/v1/apps", (request, response) => {
    if (status === 0) request.socket.destroy()
    else response.writeHead(status).end(body)
  })
  const { code, error } = await machine.run(["apps", "create", "--name", "x", "--networks", "a"])
  expect({ code, retryable: error.retryable }).toEqual({ code: exit, retryable: false })
  expect(error.hint).toContain("look with `alchemy apps list` before trying again")
})

test("create where nobody listens: nothing was made, and it may be tried again", async () => {
  const machine = await testMachine({ server: NOBODY, config: signedInConfig(NOBODY) })
  const { code, error } = await machine.run(["apps", "create", "--name", "x", "--networks", "a"])
  expect({ code, retryable: error.retryable }).toEqual({ code: 6, retryable: true })
  expect(error.hint).not.toContain("apps list")
})

test("create in text ends with how to select the app, where none is selected", async () => {
  const { machine } = await signedIn({ tty: true, columns: 100 })
  const argv = ["apps", "create", "--name", "demo", "--networks", "eth-mainnet"]
  expect((await machine.run(argv)).stdout).toMatch(/\n\n {2}Next: alchemy apps select app_1\n$/)
  expect((await machine.run([...argv, "--json"])).stdout).not.toContain("Next")
  await machine.run(["apps", "select", "app_1"])
  expect((await machine.run(argv)).stdout).not.toContain("Next")
  const other = await machine.run([...argv, "--profile", "work"], {
    env: { ALCHEMY_AUTH_TOKEN: (await machine.config()).auth_token as string },
  })
  expect(other.stdout).toMatch(/ {2}Next: alchemy apps select app_1 --profile work\n$/)
})
