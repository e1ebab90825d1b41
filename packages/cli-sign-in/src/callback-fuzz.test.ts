import { connect } from "node:net"
import fc from "fast-check"
import { expect, onTestFinished, test } from "vitest"
import { openCallbackServer } from "./callback-server.ts"
import { SIGNED_IN_PAGE } from "./pages.ts"
import { waitForCallback } from "./wait-for-callback.ts"

const STATE = "s".repeat(43)
const ISSUER = "https://auth.example.com"
const RIGHT = `/callback?${new URLSearchParams({ code: "the-code", state: STATE, iss: ISSUER })}`
const numRuns = Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 40)
const seed = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 2 ** 31)

/** Sends bytes as they are and ends. Resolves with what came back when the connection is over. */
function sendRaw(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = ""
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.end(bytes))
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text
    })
    socket.on("error", () => {})
    socket.on("close", () => resolve(answer))
  })
}

const odd = fc.string({ unit: "binary", maxLength: 30 })
const line = (text: string) => text.replace(/[\r\n]/g, "")
/** The right answer with one thing wrong: none of them is one. */
const wrongTargets = fc.oneof(
  odd.map((text) => `/callback?code=evil&state=${encodeURIComponent(text.toWellFormed())}&iss=${ISSUER}`),
  odd.map((text) => `/callback?${line(text)}`),
  odd.map((text) => `${RIGHT}&state=${line(text)}`),
  odd.map((text) => `/${line(text)}${RIGHT}`),
  fc.constantFrom(
    "*",
    "http://127.0.0.1/callback",
    "//callback",
    `${RIGHT}&code=2`,
    `/callback#${RIGHT}`,
    `/callback/../${RIGHT}`,
  ),
  fc.nat(60_000).map((length) => `${RIGHT}&x=1&x=${"x".repeat(length)}`),
)
/** The right answer in a request that is not to be believed. */
const wrongRequests = (port: number) =>
  [
    ["GET", ""],
    ["GET", "host: evil.example\r\n"],
    ["GET", `host: 127.0.0.1:${port}\r\nhost: 127.0.0.1:${port}\r\n`],
    ["GET", "host: 127.0.0.1\r\n"],
    ["GET", `host: 127.0.0.1:${port}\r\norigin: https://evil.example\r\n`],
    ["GET", `host: 127.0.0.1:${port}\r\nsec-purpose: prefetch\r\n`],
    ["POST", `host: 127.0.0.1:${port}\r\n`],
    ["HEAD", `host: 127.0.0.1:${port}\r\n`],
  ].map(([method, fields]) =>
    Buffer.from(`${method} ${RIGHT} HTTP/1.1\r\n${fields}connection: close\r\n\r\n`),
  )
const methods = fc.oneof(
  fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "CONNECT", "PRI", "TRACE"),
  odd.map(line),
)
const fields = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom(
        "content-length",
        "transfer-encoding",
        "expect",
        "upgrade",
        "connection",
        "origin",
        "host",
      ),
      odd.map(line),
    ),
    fc.oneof(
      fc.constantFrom("100", "-1", "chunked", "100-continue", "h2c", "close", "null", "evil.example"),
      odd.map(line),
    ),
  ),
  { maxLength: 4 },
)
const requests = (port: number) =>
  fc
    .tuple(
      methods,
      wrongTargets,
      fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/9.9", ""),
      fields,
      odd,
      fc.boolean(),
    )
    .map(([method, target, version, more, body, hosted]) => {
      const host = hosted ? `host: 127.0.0.1:${port}\r\n` : ""
      const rest = more.map(([name, value]) => `${name}: ${value}\r\n`).join("")
      return Buffer.from(`${method} ${target} ${version}\r\n${host}${rest}\r\n${body}`)
    })
/** One that is right but for where it was cut off, and any bytes at all. */
const bytes = (port: number) => {
  const whole = `GET ${RIGHT} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`
  return fc.oneof(
    { weight: 3, arbitrary: requests(port) },
    fc.constantFrom(...wrongRequests(port)),
    fc.nat(whole.length - 1).map((length) => Buffer.from(whole.slice(0, length))),
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(Buffer.from("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "latin1")),
  )
}

test("S54 whatever comes over TCP is answered 4xx or not at all, and the right answer still works", async () => {
  const server = await openCallbackServer({ port: 0 })
  onTestFinished(() => server.close())
  const reasons: string[] = []
  const waiting = waitForCallback(server, {
    ...{ state: STATE, issuer: ISSUER, timeoutMs: 60_000 },
    onIgnored: (reason) => reasons.push(reason),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(bytes(server.port), { minLength: 1, maxLength: 8 }), async (all) => {
      const answers = await Promise.all(all.map((one) => sendRaw(server.port, one)))
      for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 (4\d\d|100) |$)/)
    }),
    { numRuns, seed, interruptAfterTimeLimit: 20_000 },
  )
  expect(reasons.join("")).not.toContain("evil")
  const browser = sendRaw(
    server.port,
    Buffer.from(`GET ${RIGHT} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: close\r\n\r\n`),
  )
  const answer = await waiting
  expect(answer).toMatchObject({ code: "the-code" })
  await answer.respond(SIGNED_IN_PAGE)
  expect(await browser).toContain(SIGNED_IN_PAGE.html)
}, 60_000)
