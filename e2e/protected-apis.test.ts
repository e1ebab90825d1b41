import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createWorld, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { type Running, run, startServer } from "./processes.ts"
import { startRedis } from "./start-redis.ts"

const root = resolve(import.meta.dirname, "..")
/** How long memory may be trusted after the last renewal, in milliseconds. */
const LEASE_MS = 500

type Api = { url: string; running: Running; log: () => string }

let redis: Awaited<ReturnType<typeof startRedis>>
let world: World
let secret: string
let express: Api
let hono: Api
beforeAll(async () => {
  redis = await startRedis()
  world = await createWorld("protected-apis", { AUTHCHEMY_REDIS_URL: redis.url })
  secret = await registerResourceServer("notes-api")
  const credentials = { ISSUER: world.server.url, CLIENT_ID: "notes-api", CLIENT_SECRET: secret }
  express = await startApi("express-api", credentials)
  hono = await startApi("hono-api", { REDIS_URL: redis.url })
})
afterAll(async () => {
  for (const { running } of [express, hono]) {
    running.child.kill()
    await running.finished
  }
  await world.remove()
  await redis.stop()
})

/** `authchemy clients add`; returns the secret that it shows once. */
async function registerResourceServer(id: string): Promise<string> {
  const args = ["clients", "add", id, "--name", "Notes API", "--confidential", "--resource-server"]
  const { stdout, stderr } = await run(join(root, "bin/authchemy"), args, { env: world.server.env }).finished
  const [found = ""] = /alchemy_cs_\S+/.exec(stdout) ?? []
  if (found === "") throw new Error(`clients add: ${stdout}${stderr}`)
  return found
}

/** Starts an example as its README says, on a port that the system chooses. */
async function startApi(name: string, env: Record<string, string>): Promise<Api> {
  const program = join(root, "examples", name, "server.ts")
  const running = run("node", ["--conditions=authchemy-source", program], { env: { ...env, PORT: "0" } })
  let log = ""
  running.child.stderr?.on("data", (text: string) => {
    log += text
  })
  const [, url = ""] = await running.shows(/listening on (\S+)/)
  return { url, running, log: () => log }
}

async function call(api: Api, token: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  return fetch(`${api.url}/notes`, { ...init, headers })
}

async function status(api: Api, token: string): Promise<number> {
  const response = await call(api, token)
  await response.body?.cancel()
  return response.status
}

/** Asks until the answer is the one that is waited for. */
async function until(answer: () => Promise<number>, wanted: number) {
  for (let asked = 0; asked < 200; asked++) {
    if ((await answer()) === wanted) return
    await new Promise((settle) => setTimeout(settle, 50))
  }
  throw new Error(`${wanted} was never answered`)
}

/** A session that has just begun; whatever was signed in before is signed out. */
async function signedIn(): Promise<string> {
  await world.alchemy.run("auth", "logout")
  await signIn(world)
  return tokenOf(world)
}

/** Calls an API again and again for some time, and returns when each call was begun, how long it took, and its answer. */
async function watch(api: Api, token: string, forMs: number) {
  const began = performance.now()
  const answers: { at: number; ms: number; status: number }[] = []
  while (performance.now() - began < forMs) {
    const at = performance.now() - began
    const answered = await status(api, token)
    answers.push({ at, ms: performance.now() - began - at, status: answered })
  }
  return answers
}

test("the command's token is good at both APIs, each with its person's notes", async () => {
  const token = await signedIn()
  for (const api of [express, hono]) {
    const made = await call(api, token, { method: "POST", body: JSON.stringify({ text: `from ${api.url}` }) })
    expect(made.status).toBe(201)
    expect(await (await call(api, token)).json()).toEqual({ notes: [`from ${api.url}`] })
    const anonymous = await fetch(`${api.url}/notes`)
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers.get("www-authenticate")).toBe("Bearer")
    const inQuery = await fetch(`${api.url}/notes?access_token=${token}`)
    expect(inQuery.status).toBe(400)
    expect(await status(api, "junk")).toBe(401)
  }
})

test("S46 after `alchemy auth logout` the first call is refused at both APIs, round after round", async () => {
  for (let round = 0; round < 8; round++) {
    const token = await signedIn()
    for (const api of [express, hono]) {
      for (let call = 0; call < 5; call++) expect(await status(api, token)).toBe(200)
    }
    const { stdout } = await world.alchemy.run("auth", "logout")
    expect(JSON.parse(stdout)).toMatchObject({ server: "revoked" })
    expect(await Promise.all([status(express, token), status(hono, token)])).toEqual([401, 401])
  }
})

test("S52 Redis frozen: no yes past the lease, 503 within the bound; then all is as it was, without a restart", async () => {
  const token = await signedIn()
  for (const api of [express, hono]) expect(await status(api, token)).toBe(200)
  redis.freeze()
  try {
    const watched = await Promise.all([watch(express, token, 3_000), watch(hono, token, 3_000)])
    for (const answers of watched) {
      expect(answers.filter(({ at, status: answered }) => at > LEASE_MS && answered !== 503)).toEqual([])
      expect(answers.some(({ status: answered }) => answered === 503)).toBe(true)
      for (const { ms } of answers) expect(ms).toBeLessThan(2_500)
    }
  } finally {
    redis.thaw()
  }
  for (const api of [express, hono]) await until(() => status(api, token), 200)
})

test("S52 the authorization server gone: what is asked over HTTP is 503 after the lease, and good again when it is back", async () => {
  const ended = await signedIn()
  const known = await signedIn()
  for (const api of [express, hono]) expect(await status(api, known)).toBe(200)
  const stopping = performance.now()
  expect(await world.server.stop()).toBe(0)
  expect(performance.now() - stopping).toBeLessThan(5_000)
  expect(await status(express, ended)).toBe(503)
  const answers = await watch(express, known, 1_500)
  expect(answers.filter(({ at, status: answered }) => at > LEASE_MS && answered !== 503)).toEqual([])
  expect(await status(hono, known)).toBe(200)
  expect(await status(hono, ended)).toBe(401)
  const { dataDirectory, port, env } = world.server
  world.server = await startServer({ dataDirectory, port, env })
  await until(() => status(express, known), 200)
  expect(await status(express, ended)).toBe(401)
  expect(await statusWith(world.server, known)).toBe(200)
})

test("a resource server that is removed is told so, and its API knows nothing any more", async () => {
  const token = await signedIn()
  const other = await registerResourceServer("other-api")
  const credentials = { ISSUER: world.server.url, CLIENT_ID: "other-api", CLIENT_SECRET: other }
  const api = await startApi("express-api", credentials)
  try {
    expect(await status(api, token)).toBe(200)
    const removed = run(join(root, "bin/authchemy"), ["clients", "remove", "other-api"], {
      env: world.server.env,
    })
    expect((await removed.finished).code).toBe(0)
    await until(() => status(api, token), 503)
    await api.running.shows(/refuses the credentials of the resource server other-api/)
    expect(api.log()).not.toContain(other)
  } finally {
    api.running.child.kill()
    await api.running.finished
  }
})
