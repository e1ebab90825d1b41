import { expect, test } from "vitest"
import { signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { APP, startServer } from "../../testing-server.ts"

async function signedIn(options: TestOptions & { apps?: string[]; selected?: string } = {}) {
  const { apps = ["app_1", "app_2", "app_3"], selected, ...more } = options
  const server = await startServer()
  const config = signedInConfig(server.origin)
  server.sessions.add(config.auth_token)
  server.apps.splice(0, 1, ...apps.map((id) => ({ ...APP, id, name: `demo of ${id}` })))
  const stored = { ...config, ...(selected === undefined ? {} : { app: selected }) }
  return { server, machine: await testMachine({ server: server.origin, config: stored, ...more }) }
}

test("an app that is named is checked and stored", async () => {
  const { machine } = await signedIn()
  const { code, json } = await machine.run(["apps", "select", "app_2"])
  expect({ code, json }).toEqual({
    code: 0,
    json: { app: "app_2", name: "demo of app_2", profile: "default" },
  })
  expect(await machine.config()).toHaveProperty("app", "app_2")
  expect((await machine.run(["apps", "get"])).json.id).toBe("app_2")
})

test("one that is not there is NOT_FOUND, and the selection stays", async () => {
  const { machine } = await signedIn({ selected: "app_1" })
  const { code, error } = await machine.run(["apps", "select", "app_9"])
  expect({ code, error: error.code }).toEqual({ code: 4, error: "NOT_FOUND" })
  expect(error.hint).toContain("alchemy apps list")
  expect(await machine.config()).toHaveProperty("app", "app_1")
})

test("without an id the person chooses among all of them", async () => {
  const apps = Array.from({ length: 130 }, (_, index) => `app_${index}`)
  const { machine } = await signedIn({ apps, tty: true, choose: "demo of app_129" })
  const { stdout } = await machine.run(["apps", "select"])
  expect(stdout).toBe("✓ Commands work on demo of app_129 (app_129) from now on.\n")
  expect(machine.asked).toEqual(["Which app should commands work on?"])
  expect(await machine.config()).toHaveProperty("app", "app_129")
})

test("the only app is chosen by itself", async () => {
  const { machine } = await signedIn({ apps: ["app_7"], tty: true })
  expect((await machine.run(["apps", "select"])).stdout).toContain("(app_7)")
  expect(machine.asked).toEqual([])
  expect(await machine.config()).toHaveProperty("app", "app_7")
})

test("where there are none, how to create one is said, and a selection that is gone is removed", async () => {
  const { machine } = await signedIn({ apps: [], tty: true, selected: "app_1" })
  const { code, stdout } = await machine.run(["apps", "select"])
  expect(code).toBe(0)
  expect(stdout).toContain("alchemy apps create")
  expect(await machine.config()).not.toHaveProperty("app")
})

test("where nobody can be asked an id is needed", async () => {
  const { server, machine } = await signedIn({ apps: ["app_7"] })
  for (const more of [{ tty: false }, { tty: true, env: { ALCHEMY_NON_INTERACTIVE: "1" } }]) {
    const { code, stderr } = await machine.run(["apps", "select"], more)
    expect(code).toBe(2)
    expect(stderr.replace(/\s+/g, " ")).toContain("alchemy apps list")
  }
  expect(server.seen).toEqual([])
})

test("the selection is the profile's", async () => {
  const { server, machine } = await signedIn({ tty: true, columns: 120 })
  const work = signedInConfig(server.origin)
  server.sessions.add(work.auth_token)
  const profiled = await testMachine({ server: server.origin, config: { profiles: { work } }, tty: true })
  const { stdout } = await profiled.run(["apps", "select", "app_2", "--profile", "work"])
  expect(stdout).toContain("with the profile work.")
  expect(await profiled.config()).toMatchObject({ profiles: { work: { app: "app_2" } } })
  expect(await profiled.config()).not.toHaveProperty("app")
  expect(await machine.config()).not.toHaveProperty("app")
})

test("get, networks and the allow-lists name the command that selects, where nothing is selected or it is gone", async () => {
  const { machine } = await signedIn()
  for (const command of ["get", "networks", "address-allowlist", "origin-allowlist", "ip-allowlist"]) {
    const { code, error } = await machine.run(["apps", command])
    expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
    expect(error.hint).toContain("alchemy apps select")
  }
  const gone = await signedIn({ selected: "app_9" })
  const { code, error } = await gone.machine.run(["apps", "get"])
  expect({ code, error: error.code }).toEqual({ code: 4, error: "NOT_FOUND" })
  expect(error.message).toContain("app_9")
  expect(error.hint).toContain("alchemy apps select")
  const other = await gone.machine.run(["apps", "get", "app_8"])
  expect(other.error.hint).toContain("alchemy apps list")
})

test("deleting the selected app ends its selection, deleting another does not", async () => {
  const { machine } = await signedIn({ selected: "app_1" })
  await machine.run(["apps", "delete", "app_2", "--yes"])
  expect(await machine.config()).toHaveProperty("app", "app_1")
  await machine.run(["apps", "delete", "app_1", "--yes"])
  expect(await machine.config()).not.toHaveProperty("app")
})
