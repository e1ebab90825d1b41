import { createServer } from "node:http"
import { createTokenService, openStore } from "@authchemy/tokens"

// An API server of somebody else's that verifies tokens itself: started with the URL of Redis and the number of replicas, it prints its port.
const [, , redisUrl = "", redisReplicas = "0"] = process.argv
const store = await openStore({
  ...{ sqlitePath: "", redisUrl, redisReplicas: Number(redisReplicas) },
  onError: () => {},
})
const tokens = createTokenService({ store, onError: () => {} })

async function statusOf(token: string): Promise<number> {
  try {
    const held = tokens.verifyHeld(token)
    const session = held === undefined ? await tokens.verify(token) : held
    return session === null ? 401 : 200
  } catch {
    return 503
  }
}

const server = createServer(async (request, response) => {
  response.statusCode = await statusOf((request.headers.authorization ?? "").slice("Bearer ".length))
  response.end()
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  console.log(`listening on ${typeof address === "object" ? address?.port : ""}`)
})
