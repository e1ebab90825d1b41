import { expect, test } from "vitest"
import { signedInConfig, testMachine } from "../testing.ts"
import { NOW, newToken, startServer } from "../testing-server.ts"

const HOUR = 3_600_000

/** A machine whose sign-in is good for one more day, and whose clock is as far ahead of the server's as `ahead` says, in milliseconds. */
async function machineAhead(ahead: number) {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const machine = await testMachine({
    server: server.origin,
    config: signedInConfig(server.origin, token, 1),
    context: { now: () => NOW + ahead },
  })
  return { server, machine }
}

test("a clock that is ahead is said once, kept for later commands, and expiry is judged by the server's", async () => {
  const { machine } = await machineAhead(40 * HOUR)
  const before = await machine.run(["auth", "status", "--offline"])
  expect({ code: before.code, state: before.json.state }).toEqual({ code: 3, state: "expired" })
  // A call to the server, for which no token of ours is needed, tells the time.
  const asked = await machine.run(["auth", "login", "--no-interactive", "--force"])
  expect(asked.stderr.match(/clock is/g)).toHaveLength(1)
  expect(asked.stderr).toContain("This machine's clock is 40 hours ahead of the server's.")
  expect(await machine.config()).toMatchObject({ clock_ahead_seconds: expect.closeTo(40 * 3600, -1) })
  const after = await machine.run(["auth", "status"])
  expect({ code: after.code, state: after.json.state }).toEqual({ code: 0, state: "active" })
})

test("a clock that is behind is said, and not kept: only a server that was just asked may end a sign-in", async () => {
  const { server, machine } = await machineAhead(-40 * HOUR)
  const { stderr } = await machine.run(["auth", "status"])
  expect(stderr).toContain("40 hours behind the server's")
  expect(await machine.config()).not.toHaveProperty("clock_ahead_seconds")
  server.clock.now = NOW + 400 * 24 * HOUR
  await machine.run(["auth", "status"])
  server.clock.now = NOW
  const right = await machine.run(["auth", "status"], { context: { now: () => NOW } })
  expect({ code: right.code, state: right.json.state }).toEqual({ code: 0, state: "active" })
})

test("a server with a wrong clock does not make a pending sign-out be forgotten", async () => {
  const { server, machine } = await machineAhead(0)
  server.override("/api/cli/logout", (_request, response) => {
    server.clock.now = NOW + 400 * 24 * HOUR
    response.writeHead(503, { date: new Date(server.clock.now).toUTCString() }).end("{}")
  })
  expect((await machine.run(["auth", "logout"])).json.server).toBe("pending")
  await machine.run(["auth", "status"])
  expect((await machine.config()).pending_revocations).toHaveLength(1)
})

test("a clock that has been set right is forgotten about; one within a minute never written", async () => {
  const { machine } = await machineAhead(2 * HOUR)
  await machine.run(["auth", "status"])
  expect(await machine.config()).toHaveProperty("clock_ahead_seconds")
  const right = await machine.run(["auth", "status"], { context: { now: () => NOW + 50_000 } })
  expect(right.stderr).toBe("")
  expect(await machine.config()).not.toHaveProperty("clock_ahead_seconds")
})
