// `@node-oauth/oauth2-server` on bare `node:http` as its documentation has it for a server of one's own: it authenticates a bearer token that its model finds in
// Redis. Environment: REDIS_URL. Prints its port. `POST /seed` answers with an access token.
import { randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import OAuth2Server from "@node-oauth/oauth2-server"
import { createClient } from "@redis/client"

const redis = createClient({ url: process.env.REDIS_URL ?? "" })
redis.on("error", (error) => console.error(error))
await redis.connect()

const keyOf = (token: string) => `tokens:${token}`

const oauth = new OAuth2Server({
  model: {
    getAccessToken: async (accessToken) => {
      const { clientId, expires, scope, userId } = await redis.hGetAll(keyOf(accessToken))
      if (userId === undefined || expires === undefined) return null
      return {
        accessToken,
        accessTokenExpiresAt: new Date(expires),
        scope: scope?.split(" ") ?? [],
        client: { id: clientId ?? "" },
        user: { id: userId },
      }
    },
  },
})

async function seed() {
  const accessToken = randomBytes(32).toString("hex")
  const expires = new Date(Date.now() + 86_400_000).toISOString()
  const fields = { accessToken, clientId: "bench", expires, scope: "account:read apps:read", userId: "ada" }
  await redis.hSet(keyOf(accessToken), fields)
  return { accessToken }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = new OAuth2Server.Request({
    headers: request.headers,
    method: request.method ?? "GET",
    query: {},
  })
  const { user, scope } = await oauth.authenticate(asked, new OAuth2Server.Response())
  const body = JSON.stringify({ user, scope })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const server = createServer(async (request, response) => {
  request.resume()
  if (request.url === "/seed") return response.end(JSON.stringify(await seed()))
  return answer(request, response).catch((error: { code?: number }) =>
    response.writeHead(error.code ?? 500).end(),
  )
})
server.listen(0, "127.0.0.1", () => console.log(`port ${(server.address() as AddressInfo).port}`))
