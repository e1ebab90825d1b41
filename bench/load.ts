// What sends requests: `autocannon` where all are alike, and a loop over `node:http` where each follows from the one before.
import { Agent, get, type IncomingMessage, request } from "node:http"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { run } from "../e2e/processes.ts"

/** How long one measurement lasts, in seconds, and how many there are of each thing. */
export const SECONDS = Number(process.env.BENCH_SECONDS ?? 3)
export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
/** How many requests are under way at any time. */
export const CONNECTIONS = 32

export type Headers = Record<string, string>

/** The type of a posted form's body. */
export const FORM = { "content-type": "application/x-www-form-urlencoded" }

/**
 * Requests a second that a server answers with 2xx, as `autocannon` counts them.
 * @param body of a POST; left out for a GET
 */
export async function requestsPerSecond(url: string, headers: Headers, body?: string): Promise<number> {
  const { stdout, stderr } = await run(process.execPath, [
    join(import.meta.dirname, "node_modules/autocannon/autocannon.js"),
    ...["--json", "--connections", String(CONNECTIONS), "--duration", String(SECONDS)],
    ...Object.entries(headers).flatMap(([name, value]) => ["--headers", `${name}=${value}`]),
    ...(body === undefined ? [] : ["--method", "POST", "--body", body]),
    url,
  ]).finished
  const result = JSON.parse(stdout) as { "2xx": number; non2xx: number; errors: number; duration: number }
  const { non2xx, errors } = result
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} not 2xx, ${errors} errors ${stderr}`)
  return result["2xx"] / result.duration
}

/** Starts the floor: a process that answers every request with these bytes. */
export async function startBare(body: string, status = 200) {
  const env = { BODY: body, STATUS: String(status) }
  const bare = run(process.execPath, [join(import.meta.dirname, "bare-server.ts")], { env })
  const [, port] = await bare.shows(/port (\d+)/)
  return { url: `http://127.0.0.1:${port}`, stop: () => void bare.child.kill() }
}

/** A bearer token as a request carries it (RFC 6750 §2.1). */
export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })

/** Gets on a new connection each time. Resolves with the answer's body; rejects where its status is not 200. */
export const getOnce = (url: string, headers: Headers): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, headers }, (response) =>
      readAnswer(response, url, 200).then(resolve, reject),
    )
    asked.on("error", reject)
  })

/** Posts. Resolves with the answer's body; rejects where its status is another than expected (200 where left out). */
export type Post = (url: string, headers: Headers, body: string, status?: number) => Promise<string>

/** Posts on a new connection each time. */
export const postOnce: Post = postOver(false)

/**
 * Posts over `CONNECTIONS` connections that stay open, for one measurement: a server closes a connection that is idle for seconds, and then
 * the next request may meet its end.
 */
export function openPoster(): { post: Post; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  return { post: postOver(agent), close: () => agent.destroy() }
}

/** @param agent `false`: no connection is kept */
function postOver(agent: Agent | false): Post {
  return (url, headers, body, status = 200) =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", agent, headers }, (response) =>
        readAnswer(response, url, status).then(resolve, reject),
      )
      sent.on("error", reject)
      sent.end(body)
    })
}

async function readAnswer(response: IncomingMessage, url: string, status: number): Promise<string> {
  const body = await text(response)
  if (response.statusCode !== status) throw new Error(`${url}: ${response.statusCode} ${body}`)
  return body
}

/**
 * Has `CONNECTIONS` workers do one piece of work after the other, until they have none left or `SECONDS` have passed.
 * @param work makes a worker's work by its number, from 0; what that returns says whether a piece was done, and so may be more
 * @returns pieces of work a second
 */
export async function workPerSecond(
  work: (post: Post, worker: number) => () => Promise<boolean>,
): Promise<number> {
  const { post, close } = openPoster()
  const started = performance.now()
  const deadline = started + SECONDS * 1000
  let done = 0
  const keepWorking = async (worker: number) => {
    const doOne = work(post, worker)
    while (performance.now() < deadline && (await doOne())) done++
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, worker) => keepWorking(worker)))
    return done / ((performance.now() - started) / 1000)
  } finally {
    close()
  }
}
