import { expect, inject, test } from "vitest"
import { connectFeed, connectStore, fieldsFrom } from "./redis-connection.ts"

test("the store and the feed have connections of their own, each with its scripts", async () => {
  const url = inject("redisUrl")
  const connections = await Promise.all([connectStore({ url }), connectFeed({ url })])
  const ids = await Promise.all(
    connections.map(async (one) => (await one.primaries())[0]?.send(["CLIENT", "ID"])),
  )
  expect(new Set(ids).size).toBe(2)
  expect(Object.keys(connections[0].scripts)).toContain("redeemCode")
  expect(Object.keys(connections[1].scripts)).toContain("appendEntry")
  await Promise.all(connections.map((one) => one.close()))
})

test("a hash comes as field, value, field, value", () => {
  expect(fieldsFrom(["a", "1", "grüße", ""].map((text) => Buffer.from(text)))).toEqual({ a: "1", grüße: "" })
  expect(fieldsFrom([])).toEqual({})
})
