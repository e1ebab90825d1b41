import { expect, test } from "vitest"
import { createLink } from "./redis-link.ts"
import { createReplication } from "./redis-replication.ts"
import type { Word } from "./redis-socket.ts"
import { createFakeSocket, fakeScript } from "./testing.ts"

const call = (name: string) => ({ script: fakeScript("x"), keys: [name], args: [] })

/** Replication on a socket that answers as the test says. */
async function replicationOn(answer: (words: readonly Word[]) => unknown) {
  const socket = createFakeSocket(answer)
  const link = createLink({ open: async () => socket, onError: () => {} })
  await link.connected()
  return { socket, link, replication: createReplication(link) }
}

const verbs = (sent: readonly Word[][]) => sent.map(([verb, , , key]) => (verb === "WAIT" ? "WAIT" : key))

test("the script goes out before its WAIT, which says how many replicas have it", async () => {
  const { socket, replication } = await replicationOn(([verb]) => (verb === "WAIT" ? 2 : "OK"))
  expect(await replication.run(call("a"), 2, 300)).toBe(2)
  expect(socket.sent).toEqual([
    ["EVALSHA", "sha1 of x", "1", "a"],
    ["WAIT", "2", expect.stringMatching(/^(300|299)$/)],
  ])
})

test("calls that come while a WAIT is under way share the next one", async () => {
  const waits: ((replicas: number) => void)[] = []
  const { socket, replication } = await replicationOn(([verb]) =>
    verb === "WAIT" ? new Promise((resolve) => waits.push(resolve)) : "OK",
  )
  const first = replication.run(call("a"), 1, 300)
  await expect.poll(() => waits.length).toBe(1)
  const others = ["b", "c", "d"].map((name) => replication.run(call(name), 1, 300))
  expect(verbs(socket.sent)).toEqual(["a", "WAIT"])
  waits[0]?.(1)
  expect(await first).toBe(1)
  await expect.poll(() => waits.length).toBe(2)
  expect(verbs(socket.sent)).toEqual(["a", "WAIT", "b", "c", "d", "WAIT"])
  waits[1]?.(0)
  expect(await Promise.all(others)).toEqual([0, 0, 0])
})

test("a script that the server does not know is sent as text, and has a WAIT of its own behind it", async () => {
  const { socket, replication } = await replicationOn(([verb]) => {
    if (verb === "EVALSHA") throw new Error("NOSCRIPT No matching script.")
    return verb === "WAIT" ? 1 : "OK"
  })
  expect(await replication.run(call("a"), 1, 300)).toBe(1)
  expect(socket.sent.map(([verb]) => verb)).toEqual(["EVALSHA", "WAIT", "EVAL", "WAIT"])
})

test("S52 a script that was refused is never counted as replicated, and its neighbours are", async () => {
  const { replication } = await replicationOn(([verb, , , key]) => {
    if (key === "bad") throw new Error("MOVED 1 127.0.0.1:7001")
    return verb === "WAIT" ? 1 : "OK"
  })
  const [good, bad] = await Promise.allSettled([
    replication.run(call("good"), 1, 300),
    replication.run(call("bad"), 1, 300),
  ])
  expect(good).toEqual({ status: "fulfilled", value: 1 })
  expect(bad).toMatchObject({ status: "rejected", reason: { message: "MOVED 1 127.0.0.1:7001" } })
})

test("S52 where the WAIT is not answered, nothing is known, and the connection is left", async () => {
  const { socket, replication } = await replicationOn(([verb]) => {
    if (verb === "WAIT") throw new Error("ERR WAIT cannot be used with replica instances.")
    return "OK"
  })
  await expect(replication.run(call("a"), 1, 300)).rejects.toThrow("WAIT cannot be used")
  expect(socket.isDestroyed()).toBe(true)
})

test("a server that was demoted is left", async () => {
  const { socket, replication } = await replicationOn(([verb]) => {
    if (verb === "EVALSHA") throw new Error("READONLY You can't write against a read only replica.")
    return 1
  })
  await expect(replication.run(call("a"), 1, 300)).rejects.toThrow("READONLY")
  expect(socket.isDestroyed()).toBe(true)
})

test("without a connection, the call fails at once, and the next one has a new chance", async () => {
  let isUp = false
  const socket = createFakeSocket(([verb]) => (verb === "WAIT" ? 1 : "OK"))
  const link = createLink({
    open: async () => {
      if (!isUp) throw new Error("refused")
      return socket
    },
    onError: () => {},
  })
  const replication = createReplication(link)
  await expect(replication.run(call("a"), 1, 300)).rejects.toThrow("refused")
  isUp = true
  await expect.poll(() => link.current()).toBe(socket)
  expect(await replication.run(call("a"), 1, 300)).toBe(1)
  await link.close()
})
