import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test } from "vitest"
import { createLogger } from "../../logging.ts"
import {
  BREACHED_PASSWORDS_URL,
  createBreachedPasswords,
  parseBreachedPasswordsUrl,
} from "./breached-passwords.ts"

const PASSWORD = "correct horse battery"
const DIGEST = createHash("sha1").update(PASSWORD).digest("hex").toUpperCase()
const SUFFIX = DIGEST.slice(5)
const OTHER = "0".repeat(35)

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A service on loopback that answers as told, the look-up that asks it, and what it was asked. */
async function open(answer: RequestListener, options: { timeoutMs?: number; path?: string } = {}) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const clock = { now: 1_000_000 }
  const log: string[] = []
  const breached = createBreachedPasswords({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${options.path ?? "range/"}`,
    fetch,
    logger: createLogger({ write: (line) => log.push(line) }),
    now: () => clock.now,
    timeoutMs: options.timeoutMs ?? 5_000,
  })
  return { ...breached, requests, clock, log }
}

const answering = (body: string, status = 200, headers: Record<string, string> = {}): RequestListener => {
  return (_, response) => response.writeHead(status, headers).end(body)
}

test("a password that is listed is breached, and one that is not is not", async () => {
  const { isBreached, log } = await open(answering(`${OTHER}:3\r\n${SUFFIX}:12\r\n`))
  expect(await isBreached(PASSWORD)).toBe(true)
  expect(await isBreached("another one entirely")).toBe(false)
  expect(log).toEqual([])
})

test("five digits of the digest leave this machine, and nothing else of the password", async () => {
  const { isBreached, requests } = await open(answering(`${OTHER}:3`))
  await isBreached(PASSWORD)
  const [request] = requests
  expect(request?.method).toBe("GET")
  expect(request?.url).toBe(`/range/${DIGEST.slice(0, 5)}`)
  expect(request?.headers["add-padding"]).toBe("true")
  expect(Object.keys(request?.headers ?? {})).not.toContain("cookie")
  const sent = JSON.stringify([request?.url, request?.rawHeaders]).toUpperCase()
  expect(sent).not.toContain(SUFFIX)
  expect(sent).not.toContain(PASSWORD.toUpperCase())
})

test("letters of an answer may be small", async () => {
  const { isBreached } = await open(answering(`${SUFFIX.toLowerCase()}:1`))
  expect(await isBreached(PASSWORD)).toBe(true)
})

test("padding, which counts zero, is no breach", async () => {
  const { isBreached, log } = await open(answering(`${SUFFIX}:0\r\n${OTHER}:0`))
  expect(await isBreached(PASSWORD)).toBe(false)
  expect(log).toEqual([])
})

const listed = `${SUFFIX}:12\r\n`
const failures: [string, RequestListener][] = [
  ["a redirect, even to a good answer", answering(listed, 302, { Location: "/elsewhere" })],
  ["an error", answering(listed, 503)],
  ["a page of somebody else's", answering("<!doctype html><title>Sign in to the network</title>")],
  ["one bad line among good ones", answering(`${listed}nonsense\r\n`)],
  ["more than a mebibyte", answering(listed + `${OTHER}:1\r\n`.repeat(30_000))],
  ["an answer without an end", (_, response) => response.write(listed)],
  ["an answer that never stops", endless],
  ["silence", () => {}],
  ["a connection that is closed", (request) => request.socket.destroy()],
  [
    "a connection that is closed in the middle",
    (request, response) => {
      response.writeHead(200, { "Content-Length": "1000" })
      response.write(listed, () => request.socket.destroy())
    },
  ],
]

test.each(failures)("%s blocks nobody, and is logged once", async (_, answer) => {
  const { isBreached, log } = await open(answer, { timeoutMs: 300 })
  expect(await isBreached(PASSWORD)).toBe(false)
  expect(log).toHaveLength(1)
  expect(JSON.parse(log[0] ?? "")).toMatchObject({
    level: "warn",
    msg: "breached passwords cannot be looked up; new passwords go unchecked",
  })
  for (const secret of [PASSWORD, SUFFIX, DIGEST.slice(0, 5)]) expect(log[0]).not.toContain(secret)
})

test("after a failure nobody is asked for a minute, and then again", async () => {
  let down = true
  const { isBreached, requests, clock, log } = await open((request, response) =>
    (down ? answering("", 500) : answering(listed))(request, response),
  )
  expect(await isBreached(PASSWORD)).toBe(false)
  down = false
  clock.now += 59_999
  expect(await isBreached(PASSWORD)).toBe(false)
  expect(requests).toHaveLength(1)
  expect(log).toHaveLength(1)
  clock.now += 1
  expect(await isBreached(PASSWORD)).toBe(true)
  expect(requests).toHaveLength(2)
})

test("a redirect is not followed", async () => {
  const { isBreached, requests } = await open(answering("", 301, { Location: "/elsewhere" }))
  await isBreached(PASSWORD)
  expect(requests.map((request) => request.url)).toEqual([`/range/${DIGEST.slice(0, 5)}`])
})

test("where it is off, nobody is asked", async () => {
  const breached = createBreachedPasswords({
    url: null,
    fetch: () => Promise.reject(new Error("asked")),
    logger: createLogger({ write: () => expect.unreachable() }),
    now: () => 0,
  })
  expect(await breached.isBreached(PASSWORD)).toBe(false)
})

test.each(["off", "OFF", "false", "0"])("%j turns it off", (text) => {
  expect(parseBreachedPasswordsUrl(text)).toBeNull()
})

test.each([
  [BREACHED_PASSWORDS_URL, BREACHED_PASSWORDS_URL],
  ["https://mirror.example/range", "https://mirror.example/range/"],
  ["http://localhost:8080/range/", "http://localhost:8080/range/"],
])("%s is an address of the service", (text, url) => {
  expect(parseBreachedPasswordsUrl(text)).toBe(url)
})

test.each([
  "on",
  "mirror.example",
  "http://mirror.example/range/",
  "https://user:pass@mirror.example/range/",
  "https://mirror.example/?q=",
  "https://mirror.example/#",
  "ftp://mirror.example/",
])("%s is refused, with what is accepted", (text) => {
  expect(() => parseBreachedPasswordsUrl(text)).toThrow(
    /^must be off, or an https address, for example https:/,
  )
})

/** Goes on for as long as somebody reads. */
function endless(_: IncomingMessage, response: Parameters<RequestListener>[1]): void {
  const more = () => {
    while (!response.destroyed && response.write(`${OTHER}:1\r\n`.repeat(1_000)));
  }
  response.on("drain", more)
  more()
}
