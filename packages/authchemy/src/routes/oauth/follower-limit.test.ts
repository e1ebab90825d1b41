import { FOLLOWERS_PER_CLIENT } from "@authchemy/protocol"
import { afterEach, expect, test, vi } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import { createFollowerLimit } from "./follower-limit.ts"

let under: AppUnderTest | undefined
afterEach(async () => {
  await under?.close()
  under = undefined
})

const idOf = (index: number, client = "resource") => `${client}:${String(index).padStart(22, "0")}`

function limitWith(ids: readonly string[]) {
  const followers = vi.fn(async () => new Map(ids.map((id) => [id, { acknowledged: 1, renewals: 1 }])))
  const announce = vi.fn(async () => {})
  return { limit: createFollowerLimit({ announce, relay: { followers } }), followers, announce }
}

const full = Array.from({ length: FOLLOWERS_PER_CLIENT }, (_, index) => idOf(index))

test("a client whose followers all live gets no more; each of them goes on, and other clients too", async () => {
  const { limit, announce } = limitWith(full)
  await expect(limit.admit("resource", idOf(FOLLOWERS_PER_CLIENT))).rejects.toMatchObject({
    status: 429,
    code: "rate_limited",
    headers: { "Retry-After": "60" },
  })
  expect(announce).toHaveBeenCalledTimes(1)
  await limit.admit("resource", idOf(7))
  await limit.admit("source", idOf(0, "source"))
  expect(announce).toHaveBeenCalledTimes(1)
})

test("one less than the limit: admitted, and the store is not asked about it again", async () => {
  const { limit, followers, announce } = limitWith(full.slice(1))
  for (let count = 0; count < 3; count++) await limit.admit("resource", idOf(FOLLOWERS_PER_CLIENT))
  expect(followers).toHaveBeenCalledTimes(1)
  expect(announce).not.toHaveBeenCalled()
})

test("many at once are one announcement", async () => {
  const { limit, announce } = limitWith(full)
  const asked = [5_000, 5_001, 5_002].map((index) => limit.admit("resource", idOf(index)))
  for (const result of await Promise.allSettled(asked)) expect(result.status).toBe("rejected")
  expect(announce).toHaveBeenCalledTimes(1)
  expect(announce).toHaveBeenCalledWith(["client:resource"])
})

test("those that are gone make room", async () => {
  under = await openAppUnderTest()
  const { tokens } = under
  await tokens.relay.renew("another", null)
  await tokens.announce(["account:x"])
  for (const id of full) await tokens.relay.renew(id, null)
  const limit = createFollowerLimit(tokens)
  await limit.admit("resource", idOf(FOLLOWERS_PER_CLIENT))
  expect((await tokens.relay.followers()).size).toBeLessThan(10)
})
