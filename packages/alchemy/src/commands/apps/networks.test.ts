import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { APP, startServer } from "../../testing-server.ts"
import { command } from "./networks.ts"

async function signedIn(options: TestOptions = {}) {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config, ...options })
  const sent = () => server.seen.flatMap(({ method, body }) => (method === "PUT" ? [JSON.parse(body)] : []))
  const networks = async (...argv: string[]) => machine.run(["apps", "networks", "app_1", ...argv])
  return { server, machine, networks, sent }
}

test("a command line becomes options", () => {
  expect(command.parse([], {})).toEqual({ id: undefined, change: null, dryRun: false })
  expect(command.parse(["app_1"], { add: "a,b", dryRun: true })).toEqual({
    id: "app_1",
    change: { add: ["a", "b"], remove: [] },
    dryRun: true,
  })
  expect(() => command.parse(["a/b"], {})).toThrow(expect.objectContaining({ code: "INVALID_ARGS" }))
})

test("without flags: what there is, keys masked unless --reveal", async () => {
  const { networks, sent } = await signedIn()
  const { code, json, stdout } = await networks()
  expect({ code, json }).toMatchObject({
    code: 0,
    json: { id: "app_1", name: "demo", chainNetworks: [{ id: "eth-mainnet" }] },
  })
  expect(json).not.toHaveProperty("changed")
  expect(stdout).not.toContain(APP.apiKey)
  expect((await networks("--reveal")).json.chainNetworks).toEqual(APP.chainNetworks)
  expect(sent()).toEqual([])
})

test("--set, --add and --remove send the whole list, and say what changed", async () => {
  const { networks, sent } = await signedIn()
  expect((await networks("--add", "base,eth-mainnet")).json).toMatchObject({
    chainNetworks: [{ id: "eth-mainnet" }, { id: "base" }],
    changed: true,
    added: ["base"],
    removed: [],
    absent: [],
  })
  expect((await networks("--add", "opt", "--remove", "eth-mainnet,nope")).json).toMatchObject({
    added: ["opt"],
    removed: ["eth-mainnet"],
    absent: ["nope"],
  })
  expect((await networks("--set", "arb")).json).toMatchObject({ added: ["arb"], removed: ["base", "opt"] })
  expect(sent()).toEqual([
    { chainNetworks: ["eth-mainnet", "base"] },
    { chainNetworks: ["base", "opt"] },
    { chainNetworks: ["arb"] },
  ])
})

test("in text: what there is, what changed, what did not", async () => {
  const { networks, sent } = await signedIn({ tty: true, columns: 120 })
  expect((await networks()).stdout).toMatch(/^demo \(app_1\)\nNETWORK +NAME/)
  expect((await networks("--add", "base")).stdout).toMatch(
    /^✓ The networks of demo \(app_1\) have changed\.\n {2}added {2}base\n\nNETWORK/,
  )
  expect((await networks("--remove", "nope")).stdout).toMatch(
    /^The networks of demo \(app_1\) are as they were\.\n {2}not there {2}nope\n\nNETWORK/,
  )
  expect(sent()).toHaveLength(1)
  const narrow = await signedIn({ tty: true, columns: 40 })
  const { stdout } = await narrow.networks("--add", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p")
  expect(stdout.split("\n").filter((line) => line.length > 40 && line.trim().includes(" "))).toEqual([])
})

test("the last network stays: refused before anything is sent, in a dry run too", async () => {
  const { networks, sent } = await signedIn()
  for (const more of [[], ["--dry-run"]]) {
    const { code, error } = await networks("--remove", "eth-mainnet", ...more)
    expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
    expect(error.message).toContain("at least one network")
  }
  expect((await networks("--remove", "eth-mainnet", "--add", "base")).code).toBe(0)
  expect(sent()).toEqual([{ chainNetworks: ["base"] }])
})

test("a network that the server does not know: its message, and the command that lists them", async () => {
  const { server, networks } = await signedIn()
  const message = 'chainNetworks: must be ids from GET /v1/chains; there is no "NOPE"'
  server.override("/v1/apps/app_1/networks", (_request, response) =>
    response.writeHead(400).end(JSON.stringify({ error: "invalid_request", message })),
  )
  const said = 'must be ids from GET /v1/chains; there is no "NOPE"'
  for (const [flag, id, named] of [
    ["--add", "NOPE", "--add"],
    ["--set", "NOPE", "--set"],
    // It is the app that has it: the server knew it once.
    ["--add", "base", "The app's networks"],
  ] as const) {
    const { code, error } = await networks(flag, id)
    expect({ code, error }).toMatchObject({ code: 8, error: { message: `${named}: ${said}` } })
    expect(error.hint).toContain("alchemy apps chains")
  }
})

test("--dry-run of --set needs no sign-in; of --add it reads, and changes nothing", async () => {
  const offline = await testMachine({ server: NOBODY })
  const whole = await offline.run(["apps", "networks", "app_1", "--set", "a", "--dry-run"])
  expect(whole.json).toEqual({
    dryRun: true,
    method: "PUT",
    url: `${NOBODY}/v1/apps/app_1/networks`,
    body: { chainNetworks: ["a"] },
  })
  const { networks, sent } = await signedIn({ tty: true })
  const { stdout } = await networks("--add", "base", "--dry-run")
  expect(stdout).toContain('"eth-mainnet",\n    "base"')
  expect(stdout).toMatch(/Nothing was changed\.\n$/)
  expect(sent()).toEqual([])
})

test("--add sends what was read as a condition, --set does not", async () => {
  const { server, networks } = await signedIn()
  await networks("--add", "base")
  await networks("--set", "arb")
  const conditions = server.seen.flatMap(({ method, ifMatch }) => (method === "PUT" ? [ifMatch] : []))
  expect(conditions).toEqual([expect.stringMatching(/^"/), undefined])
})

test("two that add at once both do", async () => {
  const { server, networks } = await signedIn()
  await Promise.all([networks("--add", "base"), networks("--add", "arb")])
  const ids = server.apps[0]?.chainNetworks.map(({ id }) => id)
  expect(ids?.toSorted()).toEqual(["arb", "base", "eth-mainnet"])
})

test("the app that is not named is the selected one", async () => {
  const { machine } = await signedIn()
  const none = await machine.run(["apps", "networks"])
  expect(none).toMatchObject({ code: 2, error: { code: "INVALID_ARGS" } })
  expect(none.error.hint).toContain("alchemy apps select")
  await machine.run(["config", "set", "app", "app_1"])
  expect((await machine.run(["apps", "networks"])).json.id).toBe("app_1")
})
