import { Agent, request } from "node:http"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { ALCHEMY_GRANT, codeChallengeOf } from "@authchemy/protocol"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { ada, onRedis, statusWith } from "./people.ts"
import { createAccount, run, type Server, startServer, temporaryDirectory } from "./processes.ts"

const REDIRECT = "http://127.0.0.1:16424/callback"
const VERIFIER = "v".repeat(43)
const WORKERS = 3

let server: Server
let engine: TokenService
let accountId: string
const cleanUps: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  const directory = await temporaryDirectory("workers")
  cleanUps.push(directory.remove)
  const dataDirectory = join(directory.path, "server")
  const env = { ...onRedis(21), AUTHCHEMY_WORKERS: String(WORKERS), AUTHCHEMY_DRAIN_SECONDS: "0.2" }
  server = await startServer({ dataDirectory, env })
  cleanUps.push(() => server.stop("SIGKILL"))
  await vi.waitFor(() => expect(server.log()).toContain('"all workers serve"'), { timeout: 20_000 })
  const { stdout } = await createAccount(server, ada)
  accountId = /id (\S+)/.exec(stdout)?.[1] ?? ""
  const sqlitePath = join(dataDirectory, "authchemy.db")
  const store = await openStore({ sqlitePath, redisUrl: onRedis(21).AUTHCHEMY_REDIS_URL })
  engine = createTokenService({ store })
  cleanUps.push(engine.close)
})
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

const issueCode = () =>
  engine.issueCode({
    ...ALCHEMY_GRANT,
    accountId,
    redirectUri: REDIRECT,
    codeChallenge: codeChallengeOf(VERIFIER),
    device: {},
  })

/** The processes that a process has started, by their ids. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,ppid=,stat="]).finished
  const lines = stdout.trim().split("\n")
  const living = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith("Z"))
  return living.filter(([, parent]) => Number(parent) === pid).map(([child]) => Number(child))
}

const lives = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

type Answer = { status: number; text: string }
type Send = (method: string, path: string, headers: Record<string, string>, body?: string) => Promise<Answer>

const byFetch: Send = async (method, path, headers, body) => {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  return { status: answer.status, text: await answer.text() }
}

/** `node:http` with connections that are kept. */
function byAgent(agent: Agent): Send {
  return (method, path, headers, body) =>
    new Promise((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port: server.port, method, path, headers, agent },
        (response) => {
          let text = ""
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk
          })
          response.once("end", () => resolve({ status: response.statusCode ?? 0, text }))
        },
      )
      sent.once("error", reject)
      sent.end(body)
    })
}

/** Signs in, asks who that is, signs out and asks again. Returns what was wrong, and how long the slowest answer took, in milliseconds. */
async function signInAndOut(send: Send) {
  const wrong: string[] = []
  let slowest = 0
  const ask = async (expected: number, ...asked: Parameters<Send>) => {
    const begun = performance.now()
    const answer = await send(...asked).catch((error: unknown) => ({ status: 0, text: String(error) }))
    slowest = Math.max(slowest, performance.now() - begun)
    if (answer.status !== expected)
      wrong.push(`${asked[0]} ${asked[1]}: ${answer.status} ${answer.text} instead of ${expected}`)
    return answer
  }
  const redemption = { code: await issueCode(), redirect_uri: REDIRECT, code_verifier: VERIFIER }
  const json = { "content-type": "application/json" }
  const redeemed = await ask(200, "POST", "/api/cli/token", json, JSON.stringify(redemption))
  if (redeemed.status === 200) {
    const { authToken } = JSON.parse(redeemed.text) as { authToken: string }
    const authorization = `Bearer ${authToken}`
    const me = await ask(200, "GET", "/v1/me", { authorization })
    if (!me.text.includes(accountId)) wrong.push(`GET /v1/me: ${me.text}`)
    const ended = await ask(200, "POST", "/api/cli/logout", { authorization })
    if (!ended.text.includes("true")) wrong.push(`POST /api/cli/logout: ${ended.text}`)
    await ask(401, "GET", "/v1/me", { authorization })
  }
  return { wrong, slowest }
}

test("SIGHUP replaces three workers under load, and no client sees a failure; S46 nor does a token live on", async () => {
  const before = await childrenOf(server.pid)
  expect(before).toHaveLength(WORKERS)
  const { token } = await engine.createSession({
    ...ALCHEMY_GRANT,
    accountId,
    expiresInSeconds: 600,
    device: {},
  })
  const agent = new Agent({ keepAlive: true })
  const fresh = new Agent({ keepAlive: false })
  const idle = new Agent({ keepAlive: true, maxSockets: 1 })
  const wrong: string[] = []
  const count = { signIns: 0, verifications: 0, byCurl: 0 }
  let slowest = 0
  let restarted = false
  const signInOverAndOver = async (send: Send) => {
    while (!restarted) {
      const done = await signInAndOut(send)
      wrong.push(...done.wrong)
      slowest = Math.max(slowest, done.slowest)
      count.signIns++
      await sleep(25)
    }
  }
  const verifyOverAndOver = async (send: Send, pauseMs: number) => {
    while (!restarted) {
      const answer = await send("GET", "/v1/me", { authorization: `Bearer ${token}` }).catch(
        (error: unknown) => ({
          status: 0,
          text: String(error),
        }),
      )
      if (answer.status !== 200) wrong.push(`verification: ${answer.status} ${answer.text}`)
      count.verifications++
      await sleep(pauseMs)
    }
  }
  /** Runs of curl, each with one connection that it keeps for fifty requests. */
  const curlOverAndOver = async () => {
    const url = `http://127.0.0.1:${server.port}/healthz`
    const urls = Array.from({ length: 50 }, () => ["--output", "/dev/null", url]).flat()
    while (!restarted) {
      const args = ["--silent", "--show-error", "--write-out", "%{http_code}\n", ...urls]
      const { stdout, stderr } = await run("curl", args).finished
      if (stdout !== "200\n".repeat(50)) wrong.push(`curl: ${stdout} ${stderr}`)
      count.byCurl += 50
      await sleep(100)
    }
  }
  const begun = performance.now()
  const clients = [
    curlOverAndOver(),
    ...[byFetch, byFetch, byAgent(agent), byAgent(agent)].map(signInOverAndOver),
    ...[byFetch, byAgent(agent), byAgent(fresh)].map((send) => verifyOverAndOver(send, 5)),
    verifyOverAndOver(byAgent(idle), 200),
  ]
  process.kill(server.pid, "SIGHUP")
  await vi.waitFor(() => expect(server.log()).toContain('"the restart has ended"'), { timeout: 30_000 })
  const seconds = (performance.now() - begun) / 1000
  restarted = true
  await Promise.all(clients)
  agent.destroy()
  idle.destroy()

  expect(wrong).toEqual([])
  const after = await childrenOf(server.pid)
  expect(after).toHaveLength(WORKERS)
  expect(after.filter((pid) => before.includes(pid))).toEqual([])
  const { text } = await byFetch("GET", "/metrics", {})
  const counted =
    /authchemy_http_requests_total\{route="\/api\/cli\/token",method="POST",status="200"\} (\d+)/.exec(text)
  expect(Number(counted?.[1])).toBe(count.signIns)
  expect(text).toMatch(/^authchemy_workers 3$/m)
  expect(text).not.toContain(token)
  console.info(
    `rolling restart of ${WORKERS} workers in ${seconds.toFixed(1)} s: ${count.signIns} sign-ins, ${count.signIns * 4 + count.verifications + count.byCurl} requests, ${wrong.length} failed, slowest ${Math.round(slowest)} ms`,
  )
})

test("a worker that is killed is replaced, and the others go on", async () => {
  const [killed = 0, ...others] = await childrenOf(server.pid)
  process.kill(killed, "SIGKILL")
  // Until the primary has noticed, one connection may be on its way to the dead worker, and is lost.
  await vi.waitFor(() => expect(server.log()).toContain('"a worker has ended by itself"'))
  await vi.waitFor(
    async () => {
      const { text } = await byFetch("GET", "/metrics", {})
      expect(text).toMatch(/^authchemy_workers 3$/m)
      expect(text).toMatch(/^authchemy_worker_deaths_total 1$/m)
    },
    { timeout: 10_000, interval: 100 },
  )
  expect(await childrenOf(server.pid)).toEqual(expect.arrayContaining(others))
  expect(lives(killed)).toBe(false)
  expect(await statusWith(server, "alchemy_at_nonsense")).toBe(401)
})

test("when the primary is killed, no worker is left", async () => {
  const workers = await childrenOf(server.pid)
  expect(workers).toHaveLength(WORKERS)
  process.kill(server.pid, "SIGKILL")
  await vi.waitFor(() => expect(workers.filter(lives)).toEqual([]), { timeout: 10_000, interval: 50 })
})
