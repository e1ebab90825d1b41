import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { codeChallengeOf, codeVerifierFrom } from "@authchemy/protocol"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ada, createWorld, onRedis, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { type Server, startServer } from "./processes.ts"
import { createStandIn, signInAndDecide } from "./stand-in.ts"

let world: World
let others: Server[]
beforeAll(async () => {
  world = await createWorld("several", onRedis(3))
  others = await Promise.all(
    [1, 2].map(() => startServer({ dataDirectory: world.server.dataDirectory, env: onRedis(3) })),
  )
})
afterAll(async () => {
  for (const server of others) await server.stop()
  await world.remove()
})

/** A code from the approval page of a server, caught at a loopback callback. */
async function codeFrom(server: Server) {
  const verifier = codeVerifierFrom(randomBytes)
  const callback = createServer((_request, response) => response.end("caught"))
  callback.listen(0, "127.0.0.1")
  await once(callback, "listening")
  const redirectUri = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/callback`
  const query = new URLSearchParams({
    redirectUrl: redirectUri,
    code_challenge: codeChallengeOf(verifier),
    state: "s",
  })
  const page = await signInAndDecide(ada, `${server.url}/login?${query}`, "Approve", createStandIn())
  callback.close()
  const code = new URL(page.url).searchParams.get("code") ?? ""
  return { code, redirect_uri: redirectUri, code_verifier: verifier }
}

const redeem = (server: Server, body: object) =>
  fetch(`${server.url}/api/cli/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })

test("a code issued by one server is redeemed at another", async () => {
  const answer = await redeem(others[0] as Server, await codeFrom(world.server))
  expect(answer.status).toBe(200)
  const { authToken } = (await answer.json()) as { authToken: string }
  for (const server of [world.server, ...others]) expect(await statusWith(server, authToken)).toBe(200)
})

test("S46 a token revoked at one server is refused at the others on the next call", async () => {
  await signIn(world)
  const token = await tokenOf(world)
  for (const server of others) expect(await statusWith(server, token)).toBe(200)
  const revoked = await fetch(`${world.server.url}/api/cli/logout`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  })
  expect(await revoked.json()).toEqual({ revoked: true })
  for (const server of [...others, world.server]) expect(await statusWith(server, token)).toBe(401)
})

test("S21 100 redemptions of one code at once, over three server processes: exactly one token", async () => {
  for (let round = 0; round < 5; round++) {
    const body = await codeFrom(world.server)
    const servers = [world.server, ...others]
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const answer = await redeem(servers[index % 3] as Server, body)
        const { error } = (await answer.json()) as { error?: string }
        return `${answer.status} ${error ?? ""}`
      }),
    )
    expect(statuses.filter((status) => status === "200 ")).toHaveLength(1)
    expect(statuses.filter((status) => status === "400 invalid_grant")).toHaveLength(99)
  }
})

test("a server that is told to stop answers what is in flight and exits 0", async () => {
  const server = await startServer({ dataDirectory: join(world.home, "drain") })
  const inFlight = Promise.all(Array.from({ length: 20 }, () => fetch(`${server.url}/healthz`)))
  await inFlight
  expect(await server.stop("SIGTERM")).toBe(0)
})
