import { expect, test } from "vitest"
import { NOBODY, signedInConfig } from "../../testing.ts"
import { newToken, startServer } from "../../testing-server.ts"
import { testPatient } from "../testing.ts"
import { signIn } from "./sign-in.ts"

async function lookAt(server: string, content: unknown, offline = false) {
  const { look } = await testPatient({
    content,
    env: { ALCHEMY_AUTH_URL: server },
    context: { fetch: globalThis.fetch },
    offline,
  })
  return look(signIn)
}

test("nobody is signed in, which is worth a note", async () => {
  expect(await lookAt(NOBODY, {})).toMatchObject({
    verdict: "note",
    found: "not signed in",
    todo: "`alchemy auth login` signs in.",
  })
})

test("the server accepts it, or not any more", async () => {
  const server = await startServer()
  const token = newToken()
  server.sessions.add(token)
  const content = signedInConfig(server.origin, token)
  expect(await lookAt(server.origin, content)).toMatchObject({
    verdict: "ok",
    found: expect.stringMatching(/^signed in, until .*; the server accepts it$/),
  })
  server.sessions.clear()
  expect(await lookAt(server.origin, content)).toMatchObject({
    verdict: "problem",
    found: expect.stringContaining("; the server does not accept it any more"),
  })
})

test("a server out of reach is said once, by the check for it", async () => {
  expect(await lookAt(NOBODY, signedInConfig(NOBODY))).toMatchObject({
    verdict: "note",
    found: expect.stringContaining("the server could not be asked"),
  })
})

test("offline nobody is asked", async () => {
  const server = await startServer()
  expect(await lookAt(server.origin, signedInConfig(server.origin), true)).toMatchObject({
    verdict: "ok",
    found: expect.stringContaining("the server was not asked"),
  })
  expect(server.seen).toEqual([])
})

test("expired, by the local record", async () => {
  expect(await lookAt(NOBODY, signedInConfig(NOBODY, newToken(), -1))).toMatchObject({
    verdict: "problem",
    found: "expired 2026-11-23 12:00 UTC (1 day ago)",
  })
})

test("a token of another server is sent nowhere", async () => {
  const server = await startServer()
  expect(await lookAt(server.origin, signedInConfig("https://auth.elsewhere.example"))).toMatchObject({
    verdict: "problem",
    found: `it belongs to https://auth.elsewhere.example, but ${server.origin} is configured`,
  })
  expect(server.seen).toEqual([])
})

test("a token in the environment is asked about in place of the stored one, and not shown", async () => {
  const server = await startServer()
  const token = newToken()
  const { look } = await testPatient({
    content: signedInConfig(server.origin),
    env: { ALCHEMY_AUTH_URL: server.origin, ALCHEMY_AUTH_TOKEN: token },
    context: { fetch: globalThis.fetch },
  })
  const finding = await look(signIn)
  expect(finding).toMatchObject({
    verdict: "problem",
    found: "the token in ALCHEMY_AUTH_TOKEN; the server does not accept it any more",
  })
  expect(JSON.stringify(finding)).not.toContain(token)
  expect(server.seen.map(({ authorization }) => authorization)).toContain(`Bearer ${token}`)
})
