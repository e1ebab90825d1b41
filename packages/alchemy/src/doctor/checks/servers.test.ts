import { expect, test } from "vitest"
import { answering, failure, testPatient } from "../testing.ts"
import { adminApi, authServer } from "./servers.ts"

test.each([
  [200, "{}", "ok", "ok"],
  [404, "not here", "ok", "ok"],
  [401, "", "ok", "ok"],
  [302, "", "problem", "problem"],
  [503, "{}", "problem", "problem"],
  // A page of the network's own, in place of the server's metadata.
  [200, "<html>", "problem", "ok"],
  [200, "[]", "problem", "ok"],
])("an answer of %i, %j", async (status, body, auth, admin) => {
  const { look } = await testPatient({ context: { fetch: answering(status, body) } })
  expect((await look(authServer)).verdict).toBe(auth)
  expect((await look(adminApi)).verdict).toBe(admin)
})

test("one that is down is named, with why and what to do", async () => {
  const { look } = await testPatient({
    env: { ALCHEMY_AUTH_URL: "http://localhost:4000" },
    context: { fetch: () => Promise.reject(failure("ECONNREFUSED")) },
  })
  expect(await look(authServer)).toMatchObject({
    verdict: "problem",
    found: expect.stringMatching(/^http:\/\/localhost:4000 could not be reached: the connection was refused/),
    todo: expect.stringContaining("Start the server"),
  })
})

test("each is asked where it is, once, and without a credential", async () => {
  const asked: [string, RequestInit | undefined][] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    asked.push([String(url), init])
    return new Response("{}")
  }
  const { look } = await testPatient({
    env: { ALCHEMY_ADMIN_API_BASE_URL: "https://api.example.com", ALCHEMY_AUTH_TOKEN: "x" },
    context: { fetch },
  })
  await Promise.all([look(authServer), look(authServer), look(adminApi)])
  expect(asked.map(([url]) => url).toSorted()).toEqual([
    "https://api.example.com/healthz",
    "https://auth.example.com/.well-known/oauth-authorization-server",
  ])
  expect(asked.map(([, init]) => init?.headers)).toEqual(asked.map(() => ({ accept: "application/json" })))
})
