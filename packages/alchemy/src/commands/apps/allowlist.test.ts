import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { startServer } from "../../testing-server.ts"
import { allowlistCommand } from "./allowlist.ts"

const OFFICE = { name: "office", value: "203.0.113.0/24" }

async function signedIn(options: TestOptions = {}) {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config, ...options })
  const sent = () =>
    server.seen.flatMap(({ method, path, body }) => (method === "PUT" ? [[path, JSON.parse(body)]] : []))
  const ips = async (...argv: string[]) => machine.run(["apps", "ip-allowlist", "app_1", ...argv])
  const [app] = server.apps
  return { server, machine, ips, sent, app }
}

test("entries are values, or name=value", () => {
  const { parse } = allowlistCommand("origin-allowlist")
  expect(parse(["app_1"], { set: "a.example, my site = https://b.example" })).toEqual({
    id: "app_1",
    change: { set: [{ value: "a.example" }, { name: "my site", value: "https://b.example" }] },
    dryRun: false,
  })
  expect(parse([], { clear: true })).toMatchObject({ id: undefined, change: { set: [] } })
})

test.each([
  [{ set: "=a" }, "--set: the name in =a must not be empty"],
  [{ add: "a=" }, "--add: the value in a= must not be empty"],
  [{ add: `${"n".repeat(65)}=a` }, "--add: the name"],
  [{ add: "v".repeat(257) }, "--add: the value"],
  [{ set: "a", clear: true }, "--clear"],
  [{ add: "A.example", remove: "a.example" }, "in --add and in --remove"],
])("%j is refused by name", (raw, named) => {
  expect(() => allowlistCommand("origin-allowlist").parse([], raw)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGS", message: expect.stringContaining(named) }),
  )
})

test("without flags: what there is; no list is everybody", async () => {
  const { app, machine, ips } = await signedIn()
  expect((await ips()).json).toEqual({ id: "app_1", name: "demo", ipAllowlist: [], everybody: true })
  Object.assign(app ?? {}, { ipAllowlist: [OFFICE] })
  expect((await ips()).json).toMatchObject({ ipAllowlist: [OFFICE], everybody: false })
  const { json } = await machine.run(["apps", "origin-allowlist", "app_1"])
  expect(json).toMatchObject({ originAllowlist: [], everybody: true })
})

test("--set, --add, --remove and --clear send the whole list to its own path", async () => {
  const { ips, machine, sent } = await signedIn()
  expect((await ips("--set", "office=203.0.113.0/24")).json).toMatchObject({
    ipAllowlist: [OFFICE],
    everybody: false,
    changed: true,
    added: [OFFICE],
  })
  await ips("--add", "2001:DB8::1")
  const removed = (await ips("--remove", "2001:db8::1,198.51.100.1")).json
  expect(removed).toMatchObject({ removed: [{ value: "2001:DB8::1" }], absent: [{ value: "198.51.100.1" }] })
  expect((await ips("--clear")).json).toMatchObject({ ipAllowlist: [], everybody: true, removed: [OFFICE] })
  await machine.run(["apps", "address-allowlist", "app_1", "--set", "0xAB"])
  const path = "/v1/apps/app_1/ip-allowlist"
  expect(sent()).toEqual([
    [path, { ipAllowlist: [OFFICE] }],
    [path, { ipAllowlist: [OFFICE, { value: "2001:DB8::1" }] }],
    [path, { ipAllowlist: [OFFICE] }],
    [path, { ipAllowlist: [] }],
    ["/v1/apps/app_1/address-allowlist", { addressAllowlist: [{ value: "0xAB" }] }],
  ])
})

test("an entry that is there is not added twice; a new name takes the place of the old one", async () => {
  const { app, ips, sent } = await signedIn()
  Object.assign(app ?? {}, { ipAllowlist: [OFFICE] })
  expect((await ips("--add", OFFICE.value)).json).toMatchObject({ changed: false, ipAllowlist: [OFFICE] })
  expect(sent()).toEqual([])
  const { json } = await ips("--add", `hq=${OFFICE.value}`)
  expect(json).toMatchObject({ changed: true, added: [], ipAllowlist: [{ ...OFFICE, name: "hq" }] })
})

test("addresses of the 0x kind are the same in any case, others are not", async () => {
  const { app, machine } = await signedIn()
  const hex = `0x${"Ab".repeat(20)}`
  Object.assign(app ?? {}, { addressAllowlist: [{ value: hex }, { value: "So1ana" }, { value: "x" }] })
  const argv = ["apps", "address-allowlist", "app_1", "--remove", `0x${"aB".repeat(20)},so1ana`]
  expect((await machine.run(argv)).json).toMatchObject({
    removed: [{ value: hex }],
    absent: [{ value: "so1ana" }],
  })
})

test("an IP address is the same in any writing", async () => {
  const { app, ips, sent } = await signedIn()
  const kept = [{ value: "::1" }, { value: "10.0.0.1" }, { value: "10.0.0.2/32" }, { value: "192.0.2.1" }]
  Object.assign(app ?? {}, { ipAllowlist: kept })
  const { json } = await ips("--remove", "0:0:0:0:0:0:0:1,10.0.0.1/32,10.0.0.2")
  expect(json).toMatchObject({ removed: kept.slice(0, 3), absent: [], ipAllowlist: kept.slice(3) })
  expect((await ips("--add", "192.0.2.1/32")).json).toMatchObject({ changed: false })
  expect(sent()).toHaveLength(1)
  const { code, error } = await ips("--add", "::1", "--remove", "0::1")
  expect({ code, message: error.message }).toEqual({
    code: 2,
    message: "::1 is in --add and in --remove.",
  })
})

test("taking the last entry off would let everybody in: refused, and --clear named", async () => {
  const { app, ips, sent } = await signedIn()
  Object.assign(app ?? {}, { ipAllowlist: [OFFICE] })
  const { code, error } = await ips("--remove", OFFICE.value)
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(error.hint).toContain("alchemy apps ip-allowlist app_1 --clear")
  expect(sent()).toEqual([])
})

test("in text: who may, what changed, and that everybody may", async () => {
  const { ips } = await signedIn({ tty: true, columns: 100 })
  expect((await ips()).stdout).toBe("Everybody may use demo (app_1): its list of IP addresses is empty.\n")
  expect((await ips("--set", "office=203.0.113.0/24,::1")).stdout).toBe(
    [
      "✓ The IP addresses that may use demo (app_1) have changed.",
      "  added  office (203.0.113.0/24), ::1",
      "",
      "VALUE           NAME",
      "203.0.113.0/24  office",
      "::1",
      "",
    ].join("\n"),
  )
  expect((await ips()).stdout).toMatch(/^The IP addresses that may use demo \(app_1\):\n\nVALUE/)
  expect((await ips("--clear")).stdout).toMatch(/removed .*\n\nEverybody may use demo/)
  const narrow = await signedIn({ tty: true, columns: 40 })
  for (const argv of [[], ["--set", "the office in town=203.0.113.0/24,::1"]]) {
    const { stdout } = await narrow.ips(...argv)
    expect(stdout.split("\n").filter((line) => line.length > 40)).toEqual([])
  }
})

test("what the server refuses: its message, about the entry as it was typed", async () => {
  const { server, ips } = await signedIn()
  const message = "ipAllowlist.1.value: must be an IPv4 or IPv6 address, or a CIDR range"
  server.override("/v1/apps/app_1/ip-allowlist", (_request, response) =>
    response.writeHead(400).end(JSON.stringify({ error: "invalid_request", message })),
  )
  const said = "x.y: must be an IPv4 or IPv6 address, or a CIDR range"
  expect(await ips("--set", "::1,x.y")).toMatchObject({
    code: 8,
    error: { code: "ADMIN_API_ERROR", message: said },
  })
  expect(await ips("--set", "::1")).toMatchObject({ code: 8, error: { message } })
  const twice = "ipAllowlist.1.value: must be in the list once; ipAllowlist.0 is the same"
  server.override("/v1/apps/app_1/ip-allowlist", (_request, response) =>
    response.writeHead(400).end(JSON.stringify({ error: "invalid_request", message: twice })),
  )
  expect((await ips("--set", "::1,0::1")).error.message).toBe(
    "0::1: must be in the list once; ::1 is the same",
  )
})

test("a list that is too long for one request: said of the list, not of a body", async () => {
  const { server, ips } = await signedIn()
  server.override("/v1/apps/app_1/ip-allowlist", (_request, response) =>
    response.writeHead(413).end(JSON.stringify({ error: "payload_too_large", message: "The body must be" })),
  )
  const { code, error } = await ips("--add", "::1")
  expect({ code, error }).toMatchObject({
    code: 8,
    error: { code: "ADMIN_API_ERROR", message: "The list is too long for one request.", retryable: false },
  })
  expect(error.hint).toContain("fewer entries or shorter names")
})

test("six that add at once all do; --set sends no condition", async () => {
  const { server, app, ips } = await signedIn()
  const values = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"]
  const results = await Promise.all(values.map((value) => ips("--add", value)))
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(app?.ipAllowlist?.map(({ value }) => value).toSorted()).toEqual(values)
  await ips("--set", "::1")
  expect(server.seen.at(-1)).toMatchObject({ method: "PUT", ifMatch: undefined })
})

test("--dry-run of --set and --clear needs no sign-in; of --add it reads, and changes nothing", async () => {
  const offline = await testMachine({ server: NOBODY })
  for (const [flags, ipAllowlist] of [
    [["--set", "office=203.0.113.0/24"], [OFFICE]],
    [["--clear"], []],
  ] as const) {
    const { json } = await offline.run(["apps", "ip-allowlist", "app_1", ...flags, "--dry-run"])
    expect(json).toEqual({
      dryRun: true,
      method: "PUT",
      url: `${NOBODY}/v1/apps/app_1/ip-allowlist`,
      body: { ipAllowlist },
    })
  }
  const { ips, sent, app } = await signedIn()
  Object.assign(app ?? {}, { ipAllowlist: [OFFICE] })
  expect((await ips("--add", "::1", "--dry-run")).json.body).toEqual({
    ipAllowlist: [OFFICE, { value: "::1" }],
  })
  expect(sent()).toEqual([])
})
