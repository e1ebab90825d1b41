import { join } from "node:path"
import { ALCHEMY_GRANT, codeChallengeOf, SCOPES } from "@authchemy/protocol"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ada, statusWith } from "./people.ts"
import { createAccount, run, type Server, startServer, temporaryDirectory } from "./processes.ts"

const REDIRECT = "http://127.0.0.1:16424/callback"
const VERIFIER = "v".repeat(43)
/** What a process that does not answer may cost whoever revokes: its lease, and a little. In milliseconds. */
const ONE_LEASE = 500

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let servers: Server[]
/** On the same file in this process, which holds nothing in memory. */
let engine: TokenService
let accountId: string
beforeAll(async () => {
  directory = await temporaryDirectory("sqlite-processes")
  const dataDirectory = join(directory.path, "server")
  servers = await Promise.all([1, 2, 3].map(() => startServer({ dataDirectory })))
  accountId = await accountOf(ada)
  const store = await openStore({ sqlitePath: join(dataDirectory, "authchemy.db"), redisUrl: null })
  engine = createTokenService({ store })
})
afterAll(async () => {
  await engine.close()
  for (const server of servers) await server.stop("SIGKILL")
  await directory.remove()
})

/** Makes an account with the operator's command. Returns its id. */
async function accountOf(person: typeof ada): Promise<string> {
  const { stdout } = await createAccount(serverAt(0), person)
  return /id (\S+)/.exec(stdout)?.[1] ?? ""
}

function serverAt(index: number): Server {
  const server = servers[index % servers.length]
  if (server === undefined) throw new Error("no server")
  return server
}

const tokenFor = async (account: string) =>
  (await engine.createSession({ ...ALCHEMY_GRANT, accountId: account, expiresInSeconds: 600, device: {} }))
    .token

/** A new token that every server holds in memory. */
async function heldToken(account = accountId): Promise<string> {
  const token = await tokenFor(account)
  for (let round = 0; round < 2; round++) expect(await statuses(token)).toEqual(servers.map(() => 200))
  return token
}

const statuses = (token: string) => Promise.all(servers.map((server) => statusWith(server, token)))

/** Signs out at a server. Returns how long that took, in milliseconds. */
async function signOut(server: Server, token: string): Promise<number> {
  const begun = performance.now()
  const answer = await fetch(`${server.url}/api/cli/logout`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  })
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 200,
    body: { revoked: true },
  })
  return performance.now() - begun
}

async function redeem(server: Server, code: string): Promise<{ outcome: string; token: string | null }> {
  const answer = await fetch(`${server.url}/api/cli/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code, redirect_uri: REDIRECT, code_verifier: VERIFIER }),
  })
  const { error = "", authToken = null } = (await answer.json()) as { error?: string; authToken?: string }
  return { outcome: `${answer.status} ${error}`, token: authToken }
}

/** A new access key of an account. */
async function accessKeyOf(account: string): Promise<string> {
  const grant = { ...ALCHEMY_GRANT, scopes: SCOPES, accountId: account, device: {} }
  const { token } = await engine.createSession({ ...grant, expiresInSeconds: 600 })
  const answer = await fetch(`${serverAt(0).url}/v1/access-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "CI" }),
  })
  const text = await answer.text()
  expect(answer.status, text).toBe(201)
  return (JSON.parse(text) as { data: { key: string } }).data.key
}

const issueCode = (account: string) =>
  engine.issueCode({
    ...ALCHEMY_GRANT,
    accountId: account,
    redirectUri: REDIRECT,
    codeChallenge: codeChallengeOf(VERIFIER),
    device: {},
  })

/** How many verifications a server has answered from memory. */
async function heldAt(server: Server): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^authchemy_verifications_total\{outcome="held"\} (\d+)/m.exec(text)?.[1])
}

test("S21 100 redemptions of one code at once, over three processes on one file: exactly one token", async () => {
  for (let round = 0; round < 5; round++) {
    const code = await issueCode(accountId)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => redeem(serverAt(index), code)),
    )
    const outcomes = answers.map(({ outcome }) => outcome)
    expect(outcomes.filter((outcome) => outcome === "200 ")).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === "400 invalid_grant")).toHaveLength(99)
  }
})

test("S46 a token that three processes hold in memory is refused by each on the first call after it was revoked at one", async () => {
  const before = await Promise.all(servers.map(heldAt))
  const took: number[] = []
  for (let round = 0; round < 100; round++) {
    const token = await heldToken()
    took.push(await signOut(serverAt(round), token))
    expect(await statuses(token)).toEqual([401, 401, 401])
  }
  const after = await Promise.all(servers.map(heldAt))
  for (const [index, held] of after.entries()) expect(held - (before[index] ?? 0)).toBeGreaterThanOrEqual(95)
  took.sort((a, b) => a - b)
  console.info(
    `revocation over three processes on one SQLite file: p50 ${took[50]?.toFixed(1)} ms, max ${took[99]?.toFixed(1)} ms`,
  )
})

test("S46 while all three are busy and tokens are revoked at all of them at once, none is accepted afterwards", async () => {
  const busy = await heldToken()
  let done = false
  const load = servers.map(async (server) => {
    while (!done) expect(await statusWith(server, busy)).toBe(200)
  })
  const revoking = Array.from({ length: 6 }, async (_, index) => {
    for (let round = 0; round < 10; round++) {
      const token = await heldToken()
      await signOut(serverAt(index), token)
      expect(await statuses(token)).toEqual([401, 401, 401])
    }
  })
  await Promise.all(revoking).finally(() => {
    done = true
  })
  await Promise.all(load)
})

test("S49 whoever signs in at any process while all sessions end is listed or refused, everywhere", async () => {
  for (let round = 0; round < 10; round++) {
    const codes = await Promise.all(Array.from({ length: 6 }, () => issueCode(accountId)))
    const signIn = async (index: number) => redeem(serverAt(index), await issueCode(accountId))
    const [before, during] = await Promise.all([
      Promise.all(codes.map((code, index) => redeem(serverAt(index), code))),
      Promise.all(codes.map((_code, index) => signIn(index))),
      engine.revokeSessions(accountId),
    ])
    const answers = [...before, ...during]
    for (const { outcome } of answers) expect(["200 ", "400 invalid_grant"]).toContain(outcome)
    // What was approved before is void, or has ended with the rest.
    for (const { token } of before) expect(new Set(await statuses(token ?? ""))).toEqual(new Set([401]))
    const listed = (await engine.listSessions(accountId)).length
    const found = await Promise.all(during.map(({ token }) => statuses(token ?? "")))
    for (const each of found) expect(new Set(each).size).toBe(1)
    expect(found.filter(([status]) => status === 200)).toHaveLength(listed)
    expect((await redeem(serverAt(0), await issueCode(accountId))).outcome).toBe("200 ")
  }
})

test("S46 a stopped process costs one lease, once, and refuses from its first call on when it continues", async () => {
  for (let round = 0; round < 3; round++) {
    const tokens = [await heldToken(), await heldToken()]
    const stopped = serverAt(2)
    process.kill(stopped.pid, "SIGSTOP")
    const took: number[] = []
    try {
      for (const token of tokens) took.push(await signOut(serverAt(0), token))
    } catch (error) {
      process.kill(stopped.pid, "SIGCONT")
      throw error
    }
    // On their way before it continues, and so the first that it sees.
    const calls = tokens.map((token) => statusWith(stopped, token))
    process.kill(stopped.pid, "SIGCONT")
    expect(await Promise.all(calls)).toEqual([401, 401])
    const [first = 0, second = 0] = took
    expect(first).toBeGreaterThan(ONE_LEASE * 0.9)
    expect(second).toBeLessThan(ONE_LEASE * 0.9)
    // And it holds in memory again what it may.
    const token = await heldToken()
    const held = await heldAt(stopped)
    expect(await statusWith(stopped, token)).toBe(200)
    expect(await heldAt(stopped)).toBe(held + 1)
  }
})

test("a killed process costs one lease, once, and comes back", async () => {
  const tokens = [await heldToken(), await heldToken()]
  const killed = serverAt(2)
  await killed.stop("SIGKILL")
  const [first = 0, second = 0] = [
    await signOut(serverAt(0), tokens[0] ?? ""),
    await signOut(serverAt(1), tokens[1] ?? ""),
  ]
  expect(first).toBeGreaterThan(ONE_LEASE * 0.9)
  expect(second).toBeLessThan(ONE_LEASE * 0.9)
  servers[2] = await startServer({ dataDirectory: killed.dataDirectory })
  for (const token of tokens) expect(await statuses(token)).toEqual([401, 401, 401])
  const token = await heldToken()
  await signOut(serverAt(2), token)
  expect(await statuses(token)).toEqual([401, 401, 401])
})

test("S48 `authchemy accounts disable` beside running servers counts from their next call on", async () => {
  const bob = { email: "bob@example.com", password: "correct horse battery", name: "Bob" }
  const bobsId = await accountOf(bob)
  const [bobs, adas] = [await heldToken(bobsId), await heldToken()]
  const bobsKey = await accessKeyOf(bobsId)
  // Whose key it is, every server remembers by now; the key itself is left alone.
  for (let round = 0; round < 2; round++) expect(await statuses(bobsKey)).toEqual([200, 200, 200])
  const args = ["accounts", "disable", bob.email]
  const disabled = await run("bin/authchemy", args, { env: serverAt(0).env }).finished
  expect({ code: disabled.code, stderr: disabled.stderr }).toEqual({ code: 0, stderr: "" })
  for (const credential of [bobsKey, bobs]) expect(await statuses(credential)).toEqual([401, 401, 401])
  expect(await statuses(adas)).toEqual([200, 200, 200])
  expect(await engine.listSessions(bobsId)).toEqual([])
})
