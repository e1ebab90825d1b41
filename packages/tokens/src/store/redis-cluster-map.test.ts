import { expect, test } from "vitest"
import { readClusterMap, redirectionOf, spread } from "./redis-cluster-map.ts"
import { createFakeSocket } from "./testing.ts"

const info = (state: string) => `cluster_enabled:1\r\ncluster_state:${state}\r\ncluster_current_epoch:7\r\n`
const node = (state: string) =>
  createFakeSocket(([, what]) =>
    what === "INFO"
      ? info(state)
      : [
          [0, 99, ["10.0.0.1", 7001, "id"], ["10.0.0.9", 7009, "id"]],
          [100, 16_383, [null, 7002, "id"]],
        ],
  )

test("a node says which primary holds which slots; one without a name is the node itself", async () => {
  const map = await readClusterMap(node("ok"))
  expect(map).toEqual({
    epoch: 7,
    ranges: [
      { first: 0, last: 99, primary: { host: "10.0.0.1", port: 7001 } },
      { first: 100, last: 16_383, primary: { host: "127.0.0.1", port: 7002 } },
    ],
  })
  const ports = spread(map, ({ port }) => port)
  expect([ports[0], ports[99], ports[100], ports[16_383]]).toEqual([7001, 7001, 7002, 7002])
})

test("a node that holds the Cluster for down is not believed", async () => {
  await expect(readClusterMap(node("fail"))).rejects.toThrow("Redis Cluster is down, as 127.0.0.1:6379 says")
})

test.each([
  ["MOVED 3999 127.0.0.1:6381", { kind: "MOVED", address: { host: "127.0.0.1", port: 6381 } }],
  ["ASK 3999 ::1:6381", { kind: "ASK", address: { host: "::1", port: 6381 } }],
  ["MOVED 3999 :6381", { kind: "MOVED", address: { host: "10.0.0.5", port: 6381 } }],
  ["TRYAGAIN Multiple keys request during rehashing of slot", null],
])("%s", (message, redirection) => {
  expect(redirectionOf(new Error(message), { host: "10.0.0.5", port: 1 })).toEqual(redirection)
})
