import { expect, test } from "vitest"
import { createPrimary, onLink } from "./redis-primary.ts"
import { createFakeSocket } from "./testing.ts"

test.each([
  "READONLY You can't write against a read only replica.",
  "ERR Error running script (call to f_x): @user_script:1: -READONLY You can't write against a read only replica.",
])("a server that says it is a replica is left: %s", async (message) => {
  const sockets = [createFakeSocket(), createFakeSocket()]
  let attempts = 0
  const open = async () => sockets[attempts++] ?? createFakeSocket()
  const { commands, close } = createPrimary({ open, onError: () => {} })
  await commands.connected()
  const work = onLink(commands, async () => {
    throw new Error(message)
  })
  await expect(work).rejects.toThrow(message)
  expect(sockets[0]?.isDestroyed()).toBe(true)
  await expect.poll(() => commands.current()).toBe(sockets[1])
  await close()
})

test("any other error leaves the connection as it is", async () => {
  const socket = createFakeSocket()
  const { commands, close } = createPrimary({ open: async () => socket, onError: () => {} })
  await commands.connected()
  const work = onLink(commands, async () => {
    throw new Error("ERR value of READONLY is not an integer")
  })
  await expect(work).rejects.toThrow("ERR value")
  expect(commands.current()).toBe(socket)
  await close()
})

test("the connection for writes that replicas must have is another one, and made when it is first used", async () => {
  const sockets: ReturnType<typeof createFakeSocket>[] = []
  const primary = createPrimary({
    open: async () => {
      const socket = createFakeSocket(() => 1)
      sockets.push(socket)
      return socket
    },
    onError: () => {},
  })
  await primary.commands.connected()
  expect(sockets).toHaveLength(1)
  const call = { script: { SCRIPT: "x", SHA1: "y" }, keys: ["k"], args: [] }
  await primary.replication().run(call, 1, 100)
  await primary.replication().run(call, 1, 100)
  expect(sockets.map(({ sent }) => sent.length)).toEqual([0, 4])
  primary.leave(() => true)
  expect(sockets.map((one) => one.isDestroyed())).toEqual([true, true])
  await primary.close()
})
