import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { listeningInodes, portHolder } from "./port-holder.ts"

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4028 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000000000000000 100 0 0 10 0
   1: 0100007F:4028 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 31338 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31339 1 0000000000000000 100 0 0 10 0
`

test("only sockets that listen on the port count", () => {
  expect(listeningInodes(TABLE, 16_424)).toEqual(["31337"])
  expect(listeningInodes(TABLE, 80)).toEqual(["31339"])
  expect(listeningInodes(TABLE, 81)).toEqual([])
  expect(listeningInodes("", 80)).toEqual([])
})

test.skipIf(process.platform !== "linux").each(["127.0.0.1", "::1"])(
  "a process that listens on %s is found, and one that connects is not",
  async (host) => {
    const server = createServer((socket) => socket.on("error", () => {})).listen(0, host)
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const client = connect(port, host)
    await once(client, "connect")
    onTestFinished(() => {
      client.destroy()
      server.close()
    })
    expect(await portHolder(port)).toMatchObject({ pid: process.pid, name: "node" })
    expect(await portHolder(client.localPort ?? 0)).toBeNull()
  },
)

test("where there is no /proc, nobody is named", async () => {
  expect(await portHolder(80, "/nowhere")).toBeNull()
})
