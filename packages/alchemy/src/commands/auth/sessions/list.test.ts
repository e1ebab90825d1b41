import { expect, test } from "vitest"
import { signedInConfig, testMachine } from "../../../testing.ts"
import { NOW, newToken, sessionIdOf, startServer } from "../../../testing-server.ts"

async function signedIn() {
  const server = await startServer()
  const config = signedInConfig(server.origin)
  const other = newToken()
  server.sessions.add(other).add(config.auth_token)
  const machine = await testMachine({ server: server.origin, config, tty: true, columns: 120 })
  return { server, machine, own: sessionIdOf(config.auth_token), other: sessionIdOf(other) }
}

test("a table: this machine first, marked, and how to end one", async () => {
  const { machine, own, other } = await signedIn()
  const { code, stdout } = await machine.run(["auth", "sessions"])
  expect(code).toBe(0)
  expect(stdout).toBe(
    [
      "ID                HERE  MACHINE  OS         CLIENT             CREATED     LAST USED      EXPIRES",
      `${own}  *     laptop   Linux 6.0  alchemy-cli/1.0.0  2026-11-20  5 minutes ago  2027-02-22`,
      `${other}        laptop   Linux 6.0  alchemy-cli/1.0.0  2026-11-20  5 minutes ago  2027-02-22`,
      "",
      "To end one: alchemy auth sessions revoke <id>",
      "",
    ].join("\n"),
  )
  expect((await machine.run(["auth", "sessions", "list"])).stdout).toBe(stdout)
})

test("JSON is what the server says, exactly", async () => {
  const { machine, own, other } = await signedIn()
  const { json } = await machine.run(["auth", "sessions", "--json"])
  expect(json.sessions).toEqual([
    {
      id: own,
      device: { name: "laptop", os: "Linux 6.0", client: "alchemy-cli/1.0.0" },
      createdAt: "2026-11-20T09:30:00.000Z",
      lastUsedAt: "2026-11-24T11:55:00.000Z",
      expiresAt: "2027-02-22T12:00:00.000Z",
      current: true,
    },
    expect.objectContaining({ id: other, current: false }),
  ])
})

test("at 40 columns each session is a block, and no line is longer", async () => {
  const { machine, own } = await signedIn()
  const { stdout } = await machine.run(["auth", "sessions"], { columns: 40 })
  expect(stdout).toContain(`  ID         ${own}\n  HERE       *\n  MACHINE    laptop\n`)
  expect(stdout.split("\n").filter((line) => line.length > 40)).toEqual([])
})

test("after this machine the others follow, the one used last before the rest; claims cannot act on the terminal", async () => {
  const { server, machine } = await signedIn()
  const at = (id: string, minute: string, current = false) => ({
    id,
    device: id === "b" ? { name: "evil\u001b]0;x\u0007\u202ehost" } : {},
    createdAt: new Date(NOW).toISOString(),
    lastUsedAt: `2026-11-24T11:${minute}:00.000Z`,
    expiresAt: new Date(NOW).toISOString(),
    current,
  })
  server.override("/v1/sessions", (_request, response) => {
    const sessions = [at("a", "10"), at("b", "50"), at("c", "05", true)]
    response.end(JSON.stringify({ data: { sessions } }))
  })
  const { stdout } = await machine.run(["auth", "sessions"])
  expect(stdout.split("\n").map((line) => line.slice(0, 1))).toEqual(["I", "c", "b", "a", "", "T", ""])
  expect(stdout).not.toMatch(/[\u001b\u0007\u202e]/)
})

test("with an access key no session is the caller's", async () => {
  const { server, machine } = await signedIn()
  const key = newToken("ak")
  server.keySecrets.set(key, "key_1")
  const { json } = await machine.run(["auth", "sessions", "--json"], { env: { ALCHEMY_ACCESS_KEY: key } })
  expect(json.sessions.map(({ current }: { current: boolean }) => current)).toEqual([false, false])
  server.sessions.clear()
  const { stdout } = await machine.run(["auth", "sessions"], { env: { ALCHEMY_ACCESS_KEY: key } })
  expect(stdout).toBe("Nobody is signed in to this account.\n")
})

test("not signed in: AUTH_REQUIRED", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  expect(await machine.run(["auth", "sessions"])).toMatchObject({
    code: 3,
    error: { code: "AUTH_REQUIRED" },
  })
})
