import { afterAll, beforeAll, expect, test } from "vitest"
import { createWorld, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { startRedis } from "./start-redis.ts"

let redis: Awaited<ReturnType<typeof startRedis>>
let world: World
beforeAll(async () => {
  redis = await startRedis()
  world = await createWorld("redis-out-of-reach", { AUTHCHEMY_REDIS_URL: redis.url })
})
afterAll(async () => {
  await world.remove()
  await redis.stop()
})

const signOut = (token: string) =>
  fetch(`${world.server.url}/api/cli/logout`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  })

/** Asks again and again until the server's store answers. */
async function ready() {
  for (let asked = 0; asked < 200; asked++) {
    const { status } = await fetch(`${world.server.url}/readyz`)
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error("the server did not find its store again")
}

test("S52 a frozen Redis: 503 with Retry-After, never a yes and never a false 200; then all is as it was", async () => {
  await signIn(world)
  const token = await tokenOf(world)
  process.kill(redis.pid, "SIGSTOP")
  try {
    expect(await statusWith(world.server, token)).toBe(503)
    const answer = await signOut(token)
    expect(answer.status).toBe(503)
    expect(answer.headers.get("retry-after")).toBe("1")
    expect(await answer.json()).toMatchObject({ error: "temporarily_unavailable" })
    expect((await fetch(`${world.server.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${world.server.url}/healthz`)).status).toBe(200)
  } finally {
    process.kill(redis.pid, "SIGCONT")
  }
  await ready()
  // The sign-out that was given up may have reached Redis after all: either way the session is over once it is asked for again.
  expect([200, 401]).toContain((await signOut(token)).status)
  expect(await statusWith(world.server, token)).toBe(401)
})

test("S52 a Redis that is gone: the command signs out here, and the session is ended when Redis is back", async () => {
  await world.alchemy.run("auth", "logout")
  await signIn(world)
  const token = await tokenOf(world)
  await redis.stop()
  expect(await statusWith(world.server, token)).toBe(503)
  const signedOut = await world.alchemy.run("auth", "logout")
  expect(signedOut.code).toBe(0)
  expect(signedOut.ms).toBeLessThan(3000)
  expect(JSON.parse(signedOut.stdout)).toMatchObject({ server: "pending" })
  redis = await startRedis({ port: redis.port })
  await ready()
  // This Redis kept nothing on disk, so the session went with it: the token is refused, without a restart of the server.
  expect(await statusWith(world.server, token)).toBe(401)
  await signIn(world)
  expect(await statusWith(world.server, await tokenOf(world))).toBe(200)
})
