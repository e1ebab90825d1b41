// The floor: `node:http` answering every request with the same bytes. Environment: BODY, STATUS. Prints its port.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const body = Buffer.from(process.env.BODY ?? "{}")
const status = Number(process.env.STATUS ?? 200)
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length })
  response.end(body)
})
server.listen(0, "127.0.0.1", () => console.log(`port ${(server.address() as AddressInfo).port}`))
