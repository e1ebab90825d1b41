import { expect, test } from "vitest"
import { NOBODY } from "../../testing.ts"
import { NOW, startServer } from "../../testing-server.ts"
import { testPatient } from "../testing.ts"
import { pendingSignOuts, unfinishedSignIns } from "./pending.ts"

const since = new Date(NOW - 3_600_000).toISOString()
const pendingAt = (server: string, more = {}) => ({
  handle: `tAg9.${"a".repeat(43)}`,
  server,
  expiresAt: null,
  since,
  ...more,
})
const cutOffAt = (server: string, more = {}) => ({
  id: "u1",
  server,
  since: new Date(NOW - 60_000).toISOString(),
  codeVerifier: "v".repeat(43),
  kind: "code",
  code: "c1",
  redirectUri: "http://127.0.0.1:1/callback",
  ...more,
})
const handedOut = {
  kind: "device",
  deviceCode: "d1",
  expiresAt: new Date(NOW + 60_000).toISOString(),
  intervalMs: 5000,
  handedOut: { profile: "default", userCode: "WDJB-MJHT" },
}
const network = { context: { fetch: globalThis.fetch } }

test("nothing is pending", async () => {
  const { look } = await testPatient({ content: {} })
  expect(await look(pendingSignOuts)).toMatchObject({ verdict: "ok" })
  expect(await look(unfinishedSignIns)).toMatchObject({ verdict: "ok", found: "none" })
})

test("a sign-out that is pending is delivered by mending it, not by looking", async () => {
  const server = await startServer()
  const { look, mend } = await testPatient({
    content: { pending_revocations: [pendingAt(server.origin)] },
    ...network,
  })
  expect(await look(pendingSignOuts)).toMatchObject({
    verdict: "problem",
    found: `the sign-out at ${server.origin} of 2026-11-24 11:00 UTC (1 hour ago) has not reached the server`,
    todo: expect.stringContaining("alchemy auth doctor --fix"),
  })
  expect(server.seen).toEqual([])
  expect(await mend(pendingSignOuts)).toMatchObject({
    said: "1 ended on the server",
    after: { verdict: "ok", found: "all have reached their server" },
  })
})

test("it stays pending where the server is out of reach, and nothing is tried offline", async () => {
  const content = { pending_revocations: [pendingAt(NOBODY)] }
  const { mend } = await testPatient({ content, ...network })
  expect(await mend(pendingSignOuts)).toMatchObject({
    said: undefined,
    after: { verdict: "problem", todo: "It was tried just now. Every later command tries again by itself." },
  })
  const offline = await testPatient({ content, offline: true })
  expect((await offline.look(pendingSignOuts)).fix).toBeUndefined()
})

test("one that is not due yet is worth a note", async () => {
  const notBefore = new Date(NOW + 60_000).toISOString()
  const { look } = await testPatient({
    content: { pending_revocations: [pendingAt(NOBODY, { notBefore })] },
  })
  expect(await look(pendingSignOuts)).toMatchObject({ verdict: "note" })
})

test("a sign-in that was cut off is ended", async () => {
  const server = await startServer()
  const { look, mend } = await testPatient({
    content: { unfinished_sign_ins: [cutOffAt(server.origin)] },
    ...network,
  })
  expect(await look(unfinishedSignIns)).toMatchObject({ verdict: "problem" })
  expect(await mend(unfinishedSignIns)).toMatchObject({
    said: "1 ended on the server",
    after: { found: "none" },
  })
})

test("one that waits to be finished is left alone", async () => {
  const { look } = await testPatient({ content: { unfinished_sign_ins: [cutOffAt(NOBODY, handedOut)] } })
  const finding = await look(unfinishedSignIns)
  expect(finding).toMatchObject({
    verdict: "note",
    todo: "`alchemy auth login --complete u1` finishes it.",
  })
  expect(finding.fix).toBeUndefined()
  expect(JSON.stringify(finding)).not.toContain("vvv")
})

test("one that is lost is forgotten once it has been said where to look, offline too", async () => {
  const { look, mend } = await testPatient({
    content: { unfinished_sign_ins: [cutOffAt(NOBODY, { lost: true })] },
    offline: true,
  })
  expect(await look(unfinishedSignIns)).toMatchObject({
    verdict: "problem",
    todo: expect.stringContaining(`${NOBODY}/sessions`),
  })
  expect(await mend(unfinishedSignIns)).toMatchObject({
    said: `forgot 1 that may have left a session: look at ${NOBODY}/sessions`,
    after: { verdict: "ok" },
  })
})
