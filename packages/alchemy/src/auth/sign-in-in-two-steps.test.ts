import { expect, test } from "vitest"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { ACCOUNT, NOW, startServer } from "../testing-server.ts"

async function begun(more: Parameters<typeof testMachine>[0] = {}) {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, ...more })
  const { code, json, stderr } = await machine.run(["auth", "login", "--json", "--no-interactive"])
  return { server, machine, code, json, stderr }
}

test("--no-interactive waits for nothing and opens nothing: one line with address, code and what finishes it", async () => {
  const { server, machine, code, json, stderr } = await begun()
  expect({ code, stderr, opened: machine.opened }).toEqual({ code: 0, stderr: "", opened: [] })
  expect(json).toEqual({
    status: "approval_needed",
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/device\?user_code=/),
    code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    verificationUri: `${server.origin}/device`,
    phrase: expect.stringMatching(/^[a-z]+(-[a-z]+){3}$/),
    expiresAt: expect.any(String),
    profile: "default",
    handle: expect.any(String),
    complete: `alchemy auth login --complete ${json.handle}`,
  })
  expect(server.seen.map(({ path }) => path)).toEqual(["/oauth/device_authorization"])
  expect((await machine.run(["auth", "status"])).json).toMatchObject({
    state: "none",
    unfinishedSignIns: [{ state: "open", handle: json.handle, server: server.origin }],
  })
})

test.each([
  ["ALCHEMY_NON_INTERACTIVE", { ALCHEMY_NON_INTERACTIVE: "1" }, "approval_needed"],
  ["CI", { CI: "true" }, "approval_needed"],
  ["CI, overruled", { CI: "true", ALCHEMY_NON_INTERACTIVE: "0" }, "signed_in"],
])("%s says that nobody is there", async (_, env, status) => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin, env })
  expect((await machine.run(["auth", "login", "-y", "--port", "0"])).json.status).toBe(status)
})

test("--complete finishes it in another process, in the profile that began it", async () => {
  const server = await startServer()
  const machine = await testMachine({ server: server.origin })
  const login = ["auth", "login", "--no-interactive", "--profile", "work", "--expires-in", "1h"]
  const { json: first } = await machine.run(login)
  await fetch(first.url)
  const { code, json } = await machine.run(["auth", "login", "--complete", first.handle])
  expect({ code, json }).toMatchObject({
    code: 0,
    json: { status: "signed_in", account: ACCOUNT, profile: "work" },
  })
  const { auth_token: here, profiles, unfinished_sign_ins: unfinished } = await machine.config()
  expect({ here, unfinished }).toEqual({ here: undefined, unfinished: undefined })
  expect(server.sessions.has((profiles as { work: { auth_token: string } }).work.auth_token)).toBe(true)
  const again = await machine.run(["auth", "login", "--complete", first.handle])
  expect({ code: again.code, error: again.error.code }).toEqual({ code: 4, error: "NOT_FOUND" })
})

test("not approved within --timeout: LOGIN_TIMEOUT, and it can be completed later", async () => {
  const clock = { now: NOW }
  const context = {
    now: () => clock.now,
    delay: async (milliseconds: number) => {
      clock.now += milliseconds
    },
  }
  const { machine, json: first } = await begun({ context })
  const waiting = await machine.run(["auth", "login", "--complete", first.handle, "--timeout", "11000"])
  expect({ code: waiting.code, error: waiting.error }).toMatchObject({
    code: 3,
    error: { code: "LOGIN_TIMEOUT", retryable: true },
  })
  await fetch(first.url)
  expect((await machine.run(["auth", "login", "--complete", first.handle])).json.status).toBe("signed_in")
})

test("denied: LOGIN_DENIED, and nothing of it is left", async () => {
  const { server, machine, json: first } = await begun()
  server.override("/oauth/token", (_request, response) =>
    response.writeHead(400, { "content-type": "application/json" }).end('{"error":"access_denied"}'),
  )
  const { code, error } = await machine.run(["auth", "login", "--complete", first.handle])
  expect({ code, error: error.code }).toEqual({ code: 3, error: "LOGIN_DENIED" })
  expect(await machine.config()).toEqual({})
})

test("killed between the answer and the store: the next --complete says that a session is left, and status keeps saying so", async () => {
  const { server, machine, json: first } = await begun()
  server.override("/oauth/token", (_request, response) =>
    response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}'),
  )
  const { code, error } = await machine.run(["auth", "login", "--complete", first.handle])
  expect({ code, error }).toMatchObject({ code: 6, error: { message: expect.stringContaining("/sessions") } })
  const { json } = await machine.run(["auth", "status", "--offline"])
  expect(json.unfinishedSignIns).toMatchObject([{ state: "lost", server: server.origin }])
})

test("a server that is not there: NETWORK_ERROR at once", async () => {
  const machine = await testMachine({ server: NOBODY })
  const { code, error } = await machine.run(["auth", "login", "--no-interactive"])
  expect({ code, error: error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
})

test("--complete asks the server at which it was begun and no other, and stores in the profile that began it", async () => {
  const [here, elsewhere] = [await startServer(), await startServer()]
  const machine = await testMachine({
    config: {
      "auth-url": elsewhere.origin,
      profiles: { work: { ...signedInConfig(here.origin), "auth-url": here.origin } },
    },
  })
  const begin = ["auth", "login", "--force", "--no-interactive", "--profile", "work"]
  const { json: first } = await machine.run(begin)
  await fetch(first.url)
  const { code, json } = await machine.run(["auth", "login", "--complete", first.handle])
  expect({ code, json }).toMatchObject({ code: 0, json: { status: "signed_in", server: here.origin } })
  expect(elsewhere.seen).toEqual([])
})

test("two at once with one handle: one signs in, and the other says that it has been completed", async () => {
  const { machine, json: first } = await begun()
  await fetch(first.url)
  const complete = () => machine.run(["auth", "login", "--complete", first.handle])
  const outcomes = await Promise.all([complete(), complete()])
  expect(outcomes.map(({ code }) => code).toSorted()).toEqual([0, 4])
  expect(await machine.config()).not.toHaveProperty("unfinished_sign_ins")
})
