// `oidc-provider` as its documentation sets it up. Environment: CLIENT_ID, API_CLIENT_ID, API_CLIENT_SECRET, SCOPE, and REDIS_URL for tokens on Redis instead of
// in memory. Prints its port. `POST /seed` answers with an access token and with 32 refresh tokens, each of a grant of its own.
import { generateKeyPairSync, randomBytes } from "node:crypto"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import Provider from "oidc-provider"
import { CONNECTIONS } from "../load.ts"
import { connectOidcAdapter } from "./oidc-redis-adapter.ts"

const { CLIENT_ID = "", API_CLIENT_ID = "", API_CLIENT_SECRET = "", SCOPE = "", REDIS_URL } = process.env
const ACCOUNT_ID = "ada"

let answer: RequestListener = (_request, response) => response.writeHead(503).end()
const server = createServer((request, response) => answer(request, response))
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const { port } = server.address() as AddressInfo

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const provider = new Provider(`http://127.0.0.1:${port}`, {
  ...(REDIS_URL === undefined ? {} : { adapter: await connectOidcAdapter(REDIS_URL) }),
  clients: [
    {
      client_id: CLIENT_ID,
      token_endpoint_auth_method: "none",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    },
    {
      client_id: API_CLIENT_ID,
      client_secret: API_CLIENT_SECRET,
      redirect_uris: [],
      response_types: [],
      grant_types: [],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
  },
  findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  scopes: SCOPE.split(" "),
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig" }] },
  cookies: { keys: [randomBytes(32).toString("base64url")] },
})

async function seed() {
  const client = await provider.Client.find(CLIENT_ID)
  if (client === undefined) throw new Error("the client is not there")
  const granted = async () => {
    const grant = new provider.Grant({ accountId: ACCOUNT_ID, clientId: CLIENT_ID })
    grant.addOIDCScope(SCOPE)
    const grantId = await grant.save()
    return { accountId: ACCOUNT_ID, client, grantId, gty: "authorization_code", scope: SCOPE }
  }
  const refreshTokens: string[] = []
  for (let index = 0; index < CONNECTIONS; index++) {
    refreshTokens.push(await new provider.RefreshToken(await granted()).save())
  }
  return { accessToken: await new provider.AccessToken(await granted()).save(), refreshTokens }
}

const provide = provider.callback()
answer = async (request, response) => {
  if (request.url !== "/seed") return provide(request, response)
  response.end(JSON.stringify(await seed()))
}
console.log(`port ${port}`)
