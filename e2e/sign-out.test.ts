import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createWorld, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { startServer } from "./processes.ts"

/** What stands on the server's port while the command signs out. */
const troubles: Record<string, ((socket: Socket) => void) | null> = {
  stopped: null,
  "refusing every connection": (socket) => socket.resetAndDestroy(),
  "answering 500": (socket) => {
    socket.once("data", () =>
      socket.end("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"),
    )
  },
  "refusing with 403": (socket) => {
    socket.once("data", () =>
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"),
    )
  },
  "taking the connection and never answering": () => {},
  "answering forever, a byte at a time": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    const drip = setInterval(() => socket.write(" "), 100)
    socket.on("close", () => clearInterval(drip))
  },
}

describe.each(Object.keys(troubles))("signing out from a server that is %s", (trouble) => {
  let world: World
  let token: string
  const sockets: Socket[] = []
  const standing = createServer((socket) => {
    sockets.push(socket)
    socket.on("error", () => {})
    troubles[trouble]?.(socket)
  })
  beforeAll(async () => {
    world = await createWorld("sign-out")
    await signIn(world)
    token = await tokenOf(world)
    await world.server.stop()
    if (troubles[trouble] !== null) {
      standing.listen(world.server.port, "127.0.0.1")
      await once(standing, "listening")
    }
  })
  afterAll(() => world.remove())

  test("clears this machine within 3 s, exits 0 and says what is still to be done", async () => {
    const signedOut = await world.alchemy.run("auth", "logout")
    expect(signedOut).toMatchObject({ code: 0 })
    expect(signedOut.ms).toBeLessThan(3000)
    expect(JSON.parse(signedOut.stdout)).toMatchObject({ server: "pending", reason: expect.any(String) })
    const config = await readFile(world.alchemy.configPath, "utf8")
    expect(config).not.toContain(token)
    expect(JSON.parse(config)).not.toHaveProperty("auth_token")
    const status = await world.alchemy.run("auth", "status", "--offline")
    expect(status.code).toBe(3)
    expect(JSON.parse(status.stdout)).toMatchObject({
      state: "none",
      pendingRevocations: [{ server: world.server.url }],
    })
  })

  test("ends the session with the next command once the server is back", async () => {
    for (const socket of sockets) socket.destroy()
    if (standing.listening) {
      standing.close()
      await once(standing, "close")
    }
    const { dataDirectory, port, env } = world.server
    world.server = await startServer({ dataDirectory, port, env })
    expect(await statusWith(world.server, token)).toBe(200)
    // A command gives the delivery 50 ms after its own work. This one's work is to wait 3 s for a sign-in that does not come.
    const next = await world.alchemy.run("auth", "login", "--no-browser", "--port", "0", "--timeout", "3000")
    expect(next.code).toBe(3)
    expect(await statusWith(world.server, token)).toBe(401)
    const status = await world.alchemy.run("auth", "status", "--offline")
    expect(JSON.parse(status.stdout)).toMatchObject({ pendingRevocations: [] })
  })
})

test("`--strict` exits 6 where the server was not reached", async () => {
  const world = await createWorld("strict")
  try {
    await signIn(world)
    await world.server.stop()
    expect(await world.alchemy.run("auth", "logout", "--strict")).toMatchObject({ code: 6 })
  } finally {
    await world.remove()
  }
})
