import { readFile, stat, writeFile } from "node:fs/promises"
import { expect, test, vi } from "vitest"
import { signedInConfig, testMachine } from "../testing.ts"
import { NOW, newToken, startServer } from "../testing-server.ts"

type Machine = Awaited<ReturnType<typeof testMachine>>

async function signedIn(config: Record<string, unknown> = {}) {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const machine = await testMachine({
    server: server.origin,
    config: { ...signedInConfig(server.origin, token), ...config },
  })
  return { server, token, machine }
}

const complete = async (machine: Machine, words: string[], more: Parameters<Machine["run"]>[1] = {}) => {
  const { code, stdout, stderr } = await machine.run(["complete", "--", ...words], more)
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return stdout
}

test.each([
  [["apps", "get", ""], "app_1\tdemo\n"],
  [["apps", "delete", "app_"], "app_1\tdemo\n"],
  [["apps", "delete", "x"], ""],
  [["config", "set", "app", ""], "app_1\tdemo\n"],
  [["apps", "create", "--networks", "eth"], "eth-mainnet\tEthereum\n"],
  [["apps", "networks", "app_1", "--add=eth"], "--add=eth-mainnet\tEthereum\n"],
])("%j: %j, from the server", async (words, expected) => {
  const { machine } = await signedIn()
  expect(await complete(machine, words)).toBe(expected)
})

test("sessions, this machine's own among them, and access keys", async () => {
  const { machine, server } = await signedIn()
  const moment = new Date(NOW).toISOString()
  const times = { createdAt: moment, lastUsedAt: moment, expiresAt: moment }
  const sessions = [
    { id: "ses_1", device: { name: "laptop" }, ...times, current: true },
    { id: "ses_2", device: {}, ...times, current: false },
  ]
  const answer = (content: unknown) => (_request: unknown, response: { end: (text: string) => void }) =>
    response.end(JSON.stringify({ data: content }))
  server.override("/v1/sessions", answer({ sessions }))
  server.override("/v1/access-keys", answer({ accessKeys: [{ id: "key_1", name: "ci", createdAt: moment }] }))
  expect(await complete(machine, ["auth", "sessions", "revoke", ""])).toBe(
    "ses_1\tlaptop (this machine)\nses_2\t\n",
  )
  expect(await complete(machine, ["access-keys", "delete", ""])).toBe("key_1\tci\n")
})

test("asked once a minute, kept 0600 beside the configuration, and for this credential only", async () => {
  const { machine, server, token } = await signedIn()
  const asked = () => server.seen.length
  await complete(machine, ["apps", "get", ""])
  await complete(machine, ["apps", "select", ""])
  expect(asked()).toBe(1)
  const path = `${machine.configPath}.completions`
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, "utf8")).not.toContain(token)
  server.clock.now = NOW + 61_000
  const later = { context: { now: () => NOW + 61_000 } }
  await complete(machine, ["apps", "get", ""], later)
  expect(asked()).toBe(2)
  const other = newToken()
  server.sessions.add(other)
  await complete(machine, ["apps", "get", ""], { ...later, env: { ALCHEMY_AUTH_TOKEN: other } })
  expect(asked()).toBe(3)
  expect(server.seen.at(-1)?.authorization).toBe(`Bearer ${other}`)
})

test("the profile that the command line names is the one that is asked with", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const machine = await testMachine({
    server: server.origin,
    config: { profiles: { work: signedInConfig(server.origin, token) } },
  })
  expect(await complete(machine, ["apps", "get", ""])).toBe("")
  expect(server.seen).toEqual([])
  expect(await complete(machine, ["--profile", "work", "apps", "get", ""])).toBe("app_1\tdemo\n")
})

test("a refusal is no sign-in, even at a terminal: nothing is offered, opened or forgotten", async () => {
  const { machine, server } = await signedIn()
  server.sessions.clear()
  const before = await machine.config()
  expect(await complete(machine, ["apps", "get", ""], { tty: true })).toBe("")
  expect(machine.opened).toEqual([])
  expect(await machine.config()).toEqual(before)
})

test.each([
  ["an expired one", (origin: string) => signedInConfig(origin, newToken(), -1)],
  ["one of another server", () => signedInConfig("https://elsewhere.example")],
])("with %s nothing is asked", async (_which, config) => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, config: config(server.origin) })
  expect(await complete(machine, ["apps", "get", ""])).toBe("")
  expect(server.seen).toEqual([])
})

test("words that a shell could take for more than a word are left out, and descriptions are one line", async () => {
  const { machine, server } = await signedIn()
  const [app] = server.apps
  if (app === undefined) throw new Error("the server has no app")
  const ids = [
    "$(touch x)",
    "`x`",
    "a b",
    "a;b",
    "a'b",
    'a"b',
    "--force",
    "~",
    "a\tb",
    "a\nb",
    "*",
    "\u001b[31m",
  ]
  server.apps.splice(0, 1, ...ids.map((id) => ({ ...app, id })), {
    ...app,
    id: "app_2",
    name: "$(touch y)\tevil\n\u001b[31mname \u202e",
  })
  expect(await complete(machine, ["apps", "get", ""])).toBe("app_2\t$(touch y) evil [31mname\n")
})

test("what was kept is looked at as closely as what the server says", async () => {
  const { machine } = await signedIn()
  await complete(machine, ["apps", "get", ""])
  const path = `${machine.configPath}.completions`
  const kept = JSON.parse(await readFile(path, "utf8"))
  for (const key of Object.keys(kept)) kept[key].candidates = [{ value: "$(id)", description: "" }]
  await writeFile(path, JSON.stringify(kept))
  expect(await complete(machine, ["apps", "get", ""])).toBe("app_1\tdemo\n")
})

test("a server that never answers, or a keychain: one second in all", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  try {
    const { machine } = await signedIn()
    const asked = Promise.withResolvers<void>()
    const fetch = (() => {
      asked.resolve()
      return new Promise(() => {})
    }) as typeof globalThis.fetch
    const completion = complete(machine, ["apps", "get", ""], { context: { fetch } })
    await asked.promise
    await vi.advanceTimersByTimeAsync(999)
    expect(await Promise.race([completion, "still waiting"])).toBe("still waiting")
    await vi.advanceTimersByTimeAsync(1)
    expect(await completion).toBe("")
  } finally {
    vi.useRealTimers()
  }
})
