import { Agent, request } from "node:http"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { ada } from "./people.ts"
import { createAccount, type Server, startServer, temporaryDirectory } from "./processes.ts"

const WORKERS = 3
/** Wrong passwords for one email from one address, however many workers there are. */
const LIMIT = 10

let server: Server
const cleanUps: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  const directory = await temporaryDirectory("workers-limits")
  cleanUps.push(directory.remove)
  const env = { AUTHCHEMY_WORKERS: String(WORKERS), AUTHCHEMY_DRAIN_SECONDS: "0.1" }
  server = await startServer({ dataDirectory: join(directory.path, "server"), env })
  cleanUps.push(() => server.stop("SIGKILL"))
  await vi.waitFor(() => expect(server.log()).toContain('"all workers serve"'), { timeout: 20_000 })
  await createAccount(server, ada)
})
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

const EACH_ANEW = new Agent({ keepAlive: false })

/** Posts a sign-in and says the status. On a connection of its own it comes to the next worker: the primary process hands them out in turn. */
function postSignIn(email: string, password: string, agent = EACH_ANEW): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    const asked = { host: "127.0.0.1", port: server.port, method: "POST", path: "/sign-in", headers, agent }
    const sent = request(asked, (response) => {
      response.resume()
      response.once("end", () => resolve(response.statusCode ?? 0))
    })
    sent.once("error", reject)
    sent.end(new URLSearchParams({ email, password }).toString())
  })
}

const countOf = (statuses: readonly number[], status: number) =>
  statuses.filter((one) => one === status).length

test("S38 three workers without Redis let as many wrong passwords through as one does, and a restart forgets none", async () => {
  const wrong = () => postSignIn(ada.email, "wrong password")
  const oneByOne = [await wrong(), await wrong(), await wrong(), await wrong()]
  expect(oneByOne).toEqual([401, 401, 401, 401])
  const statuses = await Promise.all(Array.from({ length: 60 }, wrong))
  expect([countOf(statuses, 401), countOf(statuses, 429)]).toEqual([LIMIT - 4, 60 - LIMIT + 4])

  process.kill(server.pid, "SIGHUP")
  await vi.waitFor(() => expect(server.log()).toContain('"the restart has ended"'), { timeout: 30_000 })
  expect(await Promise.all(Array.from({ length: 2 * WORKERS }, wrong))).toEqual(Array(2 * WORKERS).fill(429))
  expect(await postSignIn(ada.email, ada.password)).toBe(429)
})

test("S37 what was right is taken off the count of all workers, and nothing else", async () => {
  const grace = { email: "grace@example.com", password: "another correct horse" }
  await createAccount(server, grace)
  const statuses: number[] = []
  for (let round = 0; round < LIMIT - 1; round++) {
    statuses.push(await postSignIn(grace.email, "wrong password"))
    statuses.push(await postSignIn(grace.email, grace.password))
  }
  expect([countOf(statuses, 401), countOf(statuses, 303)]).toEqual([LIMIT - 1, LIMIT - 1])
  expect(await postSignIn(grace.email, "wrong password")).toBe(401)
  expect(await postSignIn(grace.email, grace.password)).toBe(429)
})

test("while the primary process does not count, nobody signs in: 503, and then goes on", async () => {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  const lin = { email: "lin@example.com", password: "one more correct horse" }
  await createAccount(server, lin)
  expect(await postSignIn(lin.email, "wrong password", kept)).toBe(401)
  process.kill(server.pid, "SIGSTOP")
  try {
    expect(await postSignIn(lin.email, lin.password, kept)).toBe(503)
  } finally {
    process.kill(server.pid, "SIGCONT")
  }
  await vi.waitFor(async () => expect(await postSignIn(lin.email, lin.password, kept)).toBe(303))
  kept.destroy()
})
