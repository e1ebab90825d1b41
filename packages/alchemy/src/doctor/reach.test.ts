import { expect, test } from "vitest"
import { startServer } from "../network/testing.ts"
import { systemProbes } from "./probes.ts"
import { answerOf } from "./reach.ts"
import { failure, fineProbes, testPatient } from "./testing.ts"

/** Nobody waits two seconds here. */
const limit = () => AbortSignal.timeout(50)
const never = new Promise<never>(() => {})
const hanging: typeof fetch = () => never

async function reasonOf(url: string, probes: Partial<typeof fineProbes>, send: typeof fetch) {
  const { context } = await testPatient({ context: { fetch: send } })
  const answer = await answerOf(url, { context, probes: { ...fineProbes, limit, ...probes } })
  return answer.reached ? "reached" : answer.reason
}

test("an answer comes with its status, its body and its times", async () => {
  const { port } = await startServer((_, response) => response.writeHead(401).end("who is it?"))
  const { context } = await testPatient({ context: { fetch: globalThis.fetch, now: Date.now } })
  const answer = await answerOf(`http://127.0.0.1:${port}/x`, { context, probes: systemProbes("linux") })
  expect(answer).toMatchObject({ reached: true, status: 401, body: "who is it?" })
  if (answer.reached) expect(answer.received).toBeGreaterThanOrEqual(answer.sent)
})

test.each([
  ["the name", { lookUp: () => never }, "the name auth.example.com could not be looked up within 2 s"],
  ["the connection", { connect: () => never }, "127.0.0.1 took no connection on port 443 within 2 s"],
  ["the answer", {}, "it did not answer within 2 s"],
])("where nothing comes back, it is said how far the way was gone: %s", async (_, probes, reason) => {
  expect(await reasonOf("https://auth.example.com", probes, hanging)).toBe(reason)
})

test("an answer that begins and does not end counts as none", async () => {
  const { port } = await startServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write("{")
  })
  expect(await reasonOf(`http://127.0.0.1:${port}`, {}, globalThis.fetch)).toBe(
    "it did not answer within 2 s",
  )
})

test.each([
  ["ECONNREFUSED", "the connection was refused (127.0.0.1, port 443)"],
  ["ENOTFOUND", "its name was not found"],
  ["CERT_HAS_EXPIRED", "its TLS certificate has expired, or this machine's clock is wrong"],
])("%s", async (code, reason) => {
  const refusing = () => new Promise<never>((_, reject) => setImmediate(() => reject(failure(code))))
  expect(await reasonOf("https://auth.example.com", {}, refusing)).toBe(reason)
})

test("behind a proxy no name is looked up here", async () => {
  const { context } = await testPatient({
    env: { HTTPS_PROXY: "http://proxy.example:3128" },
    context: { fetch: hanging },
  })
  let lookedUp = 0
  const probes = { ...fineProbes, limit, lookUp: async () => [String(lookedUp++)] }
  const answer = await answerOf("https://auth.example.com", { context, probes })
  expect(answer).toMatchObject({ reached: false, reason: "it did not answer within 2 s" })
  expect(lookedUp).toBe(0)
})
