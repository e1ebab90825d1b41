import { revocationHandleOf } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { NOBODY, testMachine } from "../../testing.ts"
import { NOW, newToken, startServer } from "../../testing-server.ts"

const pendingAt = (server: string, token = newToken()) => ({
  handle: revocationHandleOf(token),
  server,
  expiresAt: null,
  since: new Date(NOW).toISOString(),
})

/** A clock that a pause moves on; `pauses` are in milliseconds. */
function movingClock() {
  const clock = { now: NOW, pauses: [] as number[] }
  const delay = async (milliseconds: number) => {
    clock.pauses.push(milliseconds)
    clock.now += milliseconds
  }
  return { clock, context: { now: () => clock.now, delay } }
}

test("tries with pauses that double until the server confirms", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const { clock, context } = movingClock()
  let tries = 0
  server.override("/api/cli/logout", (_request, response) => {
    const status = ++tries < 4 ? 503 : 200
    response.writeHead(status, { "content-type": "application/json" }).end('{"revoked":true}')
  })
  const config = { pending_revocations: [pendingAt(server.origin, token)] }
  const machine = await testMachine({ server: server.origin, config, context })
  expect((await machine.run(["auth", "deliver"])).json).toEqual({ ended: 1, pending: false })
  expect(clock.pauses).toEqual([1000, 2000, 4000])
  expect(await machine.config()).toEqual({})
})

test("gives up after ten minutes, and leaves it to later commands", async () => {
  const { clock, context } = movingClock()
  const pending = [pendingAt(NOBODY)]
  const machine = await testMachine({ config: { pending_revocations: pending }, context })
  expect((await machine.run(["auth", "deliver"])).json).toEqual({ ended: 0, pending: true })
  expect(clock.now - NOW).toBeGreaterThan(9.5 * 60_000)
  expect(clock.now - NOW).toBeLessThanOrEqual(10 * 60_000)
  expect(await machine.config()).toEqual({ pending_revocations: pending })
})

test("two at once: one delivers, the other ends at once", async () => {
  const server = await startServer()
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    server.override("/api/cli/logout", (_request, response) => {
      answer = () => response.writeHead(200, { "content-type": "application/json" }).end('{"revoked":true}')
      resolve()
    })
  })
  const config = { pending_revocations: [pendingAt(server.origin)] }
  const machine = await testMachine({ server: server.origin, config })
  const first = machine.run(["auth", "deliver"])
  await asked
  expect((await machine.run(["auth", "deliver"])).json).toEqual({ ended: 0, pending: true })
  answer()
  expect((await first).json).toEqual({ ended: 1, pending: false })
})

test("a session that may still be needed is left until its time has come", async () => {
  const server = await startServer()
  const { clock, context } = movingClock()
  const notBefore = new Date(NOW + 10_000).toISOString()
  const config = { pending_revocations: [{ ...pendingAt(server.origin), notBefore }] }
  const machine = await testMachine({ server: server.origin, config, context })
  await machine.run(["auth", "deliver"])
  expect(clock.now).toBeGreaterThanOrEqual(NOW + 10_000)
  expect(server.seen).toHaveLength(1)
  expect(await machine.config()).toEqual({})
})

test("a sign-in that was killed after its code was noted: the code is redeemed again, and its session ended", async () => {
  const server = await startServer()
  const unfinished = {
    kind: "code",
    id: "1",
    server: server.origin,
    since: new Date(NOW).toISOString(),
    codeVerifier: "v".repeat(43),
    code: "the-code",
    redirectUri: "http://127.0.0.1:16424/callback",
  }
  const machine = await testMachine({ server: server.origin, config: { unfinished_sign_ins: [unfinished] } })
  expect((await machine.run(["auth", "status", "--offline"])).json.unfinishedSignIns).toMatchObject([
    { state: "ending" },
  ])
  expect((await machine.run(["auth", "deliver"])).json).toEqual({ ended: 1, pending: false })
  expect(server.seen.map(({ path }) => path)).toContain("/api/cli/token")
  expect(server.sessions.size).toBe(0)
  expect(await machine.config()).toEqual({})
})

test("a code that was begun with --no-interactive is left alone", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  await machine.run(["auth", "login", "--no-interactive"])
  const before = await machine.config()
  expect((await machine.run(["auth", "deliver"])).json).toEqual({ ended: 0, pending: false })
  expect(await machine.config()).toEqual(before)
})
