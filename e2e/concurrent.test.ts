import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { createKilledMachine, holding, type KilledMachine, listedIn } from "./killed-machine.ts"
import { ada } from "./people.ts"
import { run } from "./processes.ts"
import { signInAndDecide } from "./stand-in.ts"
import { openTerminal } from "./terminal.ts"

const alchemyBin = resolve(import.meta.dirname, "../bin/alchemy")
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at))

let machine: KilledMachine
beforeAll(async () => {
  machine = await createKilledMachine("concurrent")
})
afterAll(() => machine.remove())
beforeEach(() => machine.reset())

/** A `BROWSER` that keeps the addresses it was given, and the person who follows each of them. */
function countingBrowser(folder: string) {
  const script = join(folder, "browser")
  const list = join(folder, "opened")
  mkdirSync(folder, { recursive: true })
  writeFileSync(list, "")
  writeFileSync(script, `#!/bin/sh\necho "$1" >> '${list}'\n`, { mode: 0o755 })
  const opened = () => readFileSync(list, "utf8").split("\n").filter(Boolean)
  const follow = async () => {
    while (opened().length === 0) await sleep(50)
    const [url = ""] = opened()
    await signInAndDecide(ada, url, "Approve", machine.browser)
  }
  return { script, opened, follow }
}

const folderOf = () => resolve(machine.alchemy.configPath, "..")
const config = () => machine.config() ?? {}

test("ten commands at ten terminals that meet a refused token at once open one browser, and all succeed", async () => {
  const refused = await machine.issue()
  await machine.reset()
  machine.write(holding(machine.server, refused))
  const browser = countingBrowser(folderOf())
  const env = { ...machine.alchemy.env, BROWSER: browser.script }
  const terminals = await Promise.all(
    times(10, () => openTerminal(`${alchemyBin} apps list`, { env, columns: 100, rows: 30 })),
  )
  try {
    const asking = await Promise.any(
      terminals.map(async (terminal) => {
        await terminal.shows(/Press Enter to open the browser/)
        return terminal
      }),
    )
    expect(browser.opened()).toEqual([])
    await asking.press("Enter")
    await browser.follow()
    const screens = await Promise.all(terminals.map((terminal) => terminal.shows(/\[exit \d+\]/)))
    for (const screen of screens) expect(screen).toContain("[exit 0]")
    expect(browser.opened()).toHaveLength(1)
    const waited = screens.filter((screen) => screen.includes("Another sign-in on this machine"))
    expect(waited).toHaveLength(9)
    expect(await machine.sessions()).toHaveLength(1)
  } finally {
    await Promise.all(terminals.map((terminal) => terminal.close()))
  }
}, 120_000)

test("two sign-ins at once open one browser, and one session is there in the end", async () => {
  const browser = countingBrowser(folderOf())
  const env = { ...machine.alchemy.env, BROWSER: browser.script }
  const logins = times(2, () => run(alchemyBin, ["auth", "login", "--yes", "--port", "0"], { env }))
  await browser.follow()
  const ends = await Promise.all(logins.map(({ finished }) => finished))
  expect(ends.map(({ code }) => code)).toEqual([0, 0])
  expect(ends.map(({ stdout }) => JSON.parse(stdout).status).toSorted()).toEqual([
    "already_signed_in",
    "signed_in",
  ])
  expect(browser.opened()).toHaveLength(1)
  expect(await machine.sessions()).toHaveLength(1)
})

test("fifty processes that write the configuration at once lose nothing of each other's", async () => {
  machine.write({ kept: "as it is" })
  const keys = ["app", "network", "access-key"]
  const writes = times(50, (index) => ({
    profile: index < keys.length ? "default" : `profile-${index}`,
    key: keys[index % keys.length] ?? "",
    value: `value-${index}`,
  }))
  const ends = await Promise.all(
    writes.map(({ profile, key, value }) =>
      machine.alchemy.run("config", "set", key, value, "--profile", profile),
    ),
  )
  expect(ends.filter(({ code }) => code !== 0)).toEqual([])
  const { profiles, ...own } = config() as { profiles: Record<string, Record<string, string>> }
  const found = writes.map(
    ({ profile, key }) => (profile === "default" ? own : profiles[profile])?.[key as never],
  )
  expect(found).toEqual(writes.map(({ value }) => value))
  expect(own).toHaveProperty("kept", "as it is")
  expect(machine.leftovers()).toEqual([])
}, 120_000)

test("ten sign-outs at once: one ends the session, the others find it ended, and nothing is left", async () => {
  machine.write({ ...holding(machine.server, await machine.issue()), app: "app_1", network: "eth-mainnet" })
  const ends = await Promise.all(times(10, () => machine.alchemy.run("auth", "logout")))
  expect(ends.map(({ code }) => code)).toEqual(times(10, () => 0))
  const said = ends.map(({ stdout }) => JSON.parse(stdout).server)
  expect(said.filter((server) => server === "revoked")).toHaveLength(1)
  for (const server of said) expect(["revoked", "already_ended", "none"]).toContain(server)
  expect(config()).toEqual({ network: "eth-mainnet" })
  expect(machine.leftovers()).toEqual([])
  expect(await machine.sessions()).toEqual([])
})

test("a sign-out and a sign-in at once: whatever is stored in the end is honoured, and nothing else is", async () => {
  machine.write(holding(machine.server, await machine.issue()))
  const browser = countingBrowser(folderOf())
  const env = { ...machine.alchemy.env, BROWSER: browser.script }
  const login = run(alchemyBin, ["auth", "login", "--yes", "--force", "--port", "0"], { env })
  const logouts = times(3, () => machine.alchemy.start("auth", "logout"))
  await browser.follow()
  for (const { finished } of [login, ...logouts]) expect((await finished).code).toBe(0)
  const { auth_token: token } = config()
  const own = typeof token === "string" ? await machine.sessionOf(token) : null
  for (const handle of listedIn(config()).handles) await machine.endBy(handle)
  expect(await machine.sessions()).toEqual(own === null ? [] : [own])
})

test("several processes that deliver what is pending at once end each session, and forget it", async () => {
  const issued = await Promise.all(times(6, () => machine.issue()))
  const { revocationHandleOf } = await import("@authchemy/protocol")
  machine.write({
    pending_revocations: issued.map(({ token, expiresAt }) => ({
      handle: revocationHandleOf(token),
      server: machine.server.url,
      expiresAt,
      since: new Date().toISOString(),
    })),
    network: "eth-mainnet",
  })
  expect(await machine.sessions()).toHaveLength(6)
  const ends = await Promise.all([
    ...times(4, () => machine.alchemy.run("auth", "deliver")),
    ...times(4, () => machine.alchemy.run("config", "list")),
  ])
  expect(ends.map(({ code }) => code)).toEqual(times(8, () => 0))
  expect(await machine.sessions()).toEqual([])
  expect(config()).toEqual({ network: "eth-mainnet" })
  expect(machine.leftovers()).toEqual([])
})
