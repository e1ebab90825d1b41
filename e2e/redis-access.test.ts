import { inspect } from "node:util"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService } from "@authchemy/tokens"
import { connectToRedis } from "@authchemy/tokens/redis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openRedisRateLimits } from "../packages/authchemy/src/limits/redis.ts"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { type Certificates, createCertificates } from "./certificates.ts"
import { scripts } from "./redis-scripts.ts"
import { startRedis } from "./start-redis.ts"

const PASSWORD = "correct_horse"
/** All the rights that the server needs, on a single Redis, behind Sentinels or in a Cluster: docs/operations.md repeats this line. */
const RIGHTS =
  "resetkeys ~authchemy:* resetchannels &authchemy:* -@all +@read +@write -@dangerous +eval +evalsha " +
  "+time +publish +subscribe +ping +select +wait +info +role +asking +cluster|slots +cluster|info"

let redis: Awaited<ReturnType<typeof startRedis>>
let strangers: Certificates
beforeAll(async () => {
  redis = await startRedis({ tls: true, acl: [`authchemy on >${PASSWORD} ${RIGHTS}`] })
  strangers = await createCertificates()
})
afterAll(async () => {
  await redis.stop()
  await strangers.remove()
})

function urlWith(options: { password?: string; ca?: string | undefined; cert?: string; key?: string } = {}) {
  const given = { ...redis.certificates, ...options }
  const url = new URL(redis.url.replace("rediss:", "https:"))
  url.username = "authchemy"
  url.password = given.password ?? PASSWORD
  for (const name of ["ca", "cert", "key"] as const) {
    if (given[name] !== undefined) url.searchParams.set(name, given[name])
  }
  return url.href.replace("https:", "rediss:")
}
const refusalOf = (url: string) =>
  connectToRedis({ url, scripts }).then(
    () => null,
    (error) => error,
  )

test("with TLS and a user that has no more rights than it needs, the whole store works", async () => {
  const errors: Error[] = []
  const url = urlWith()
  const tokens = createTokenService({
    store: await openRedisStore({ url, onError: (error) => errors.push(error) }),
  })
  const { token } = await tokens.createSession({
    ...ALCHEMY_GRANT,
    accountId: "ada",
    expiresInSeconds: 60,
    device: {},
  })
  expect(await tokens.verify(token)).toMatchObject({ accountId: "ada" })
  expect(await tokens.revoke(token)).toBe(true)
  expect(await tokens.verify(token)).toBeNull()
  await tokens.close()
  const limits = await openRedisRateLimits({ url, onError: (error) => errors.push(error) })
  const limiter = limits.open({ name: "one", points: 1, durationSeconds: 60 })
  expect(await limiter.admit("ada")).toMatchObject({ admitted: true })
  expect(await limiter.admit("ada")).toMatchObject({ admitted: false })
  await limits.close()
  const client = await connectToRedis({ url, scripts })
  await client.subscribe("authchemy:feed", () => {})
  expect(await client.replicated("add", ["authchemy:x"], [], 0, 10)).toBe(0)
  const [node] = await client.primaries()
  for (const words of [["ROLE"], ["CLUSTER", "SLOTS"], ["CLUSTER", "INFO"], ["ASKING"], ["SELECT", "0"]]) {
    const refusal = await node?.send(words).catch((error) => error.cause.message)
    expect(String(refusal)).not.toContain("NOPERM")
  }
  for (const words of [["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["GET", "other"], ["SHUTDOWN"]]) {
    await expect(node?.send(words)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/^NOPERM/) },
    })
  }
  await client.close()
  expect(errors).toEqual([])
})

test("a server whose certificate another CA signed is refused, and the refusal says what to do", async () => {
  for (const ca of [strangers.ca, undefined]) {
    const refusal = await refusalOf(urlWith({ ca }))
    expect(refusal).toMatchObject({ code: "store_unavailable" })
    expect(refusal.cause.message).toMatch(/^Redis at 127\.0\.0\.1:\d+: .*not trusted.*\?ca=/)
  }
})

test("a client certificate of another CA gets no connection", async () => {
  const { cert, key } = strangers
  expect(await refusalOf(urlWith({ cert, key }))).toMatchObject({ code: "store_unavailable" })
})

test("S45 a wrong password is named as such, and stands in no error", async () => {
  const refusal = await refusalOf(urlWith({ password: "hunter2" }))
  expect(refusal.cause.message).toMatch(/WRONGPASS.*Check the user and the password/)
  expect(inspect(refusal, { depth: 20, showHidden: true })).not.toContain("hunter2")
})

test("S45 a password stands in no error of a connection that is lost and not found again", async () => {
  const errors: Error[] = []
  const client = await connectToRedis({ url: urlWith(), scripts, onError: (error) => errors.push(error) })
  await redis.kill()
  await expect.poll(() => errors.length, { timeout: 5_000 }).toBeGreaterThan(1)
  errors.push(
    await client.scripts.add(["authchemy:x"], []).then(
      () => new Error("none"),
      (error) => error,
    ),
  )
  expect(inspect(errors, { depth: 20, showHidden: true })).not.toContain(PASSWORD)
  await client.close()
  await redis.restart()
})
