import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import Provider from "oidc-provider"

export const CLIENT_ID = "authchemy"
export const CLIENT_SECRET = "the-secret-of-the-client"

/** Somebody at the provider. */
export type Person = { sub: string; email?: string; email_verified?: boolean | string; name?: string }

/** A real provider on a free port of this machine, where whoever comes is signed in at once as `person`. */
export type ProviderUnderTest = {
  issuer: string
  /** Who comes next; an error: what the provider answers instead. */
  person: Person | { error: string }
  /** How often each path was asked for. */
  asked: Record<string, number>
  /** Does at the provider what a browser does there. @returns the address that it is sent back to */
  visit(url: string): Promise<string>
  close(): Promise<void>
}

/**
 * @param options.redirectUri where the client is
 * @param options.authMethod how the client authenticates
 */
export async function openProviderUnderTest(options: {
  redirectUri: string
  authMethod?: "client_secret_basic" | "client_secret_post"
  emailInIdToken?: boolean
}): Promise<ProviderUnderTest> {
  let handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async () => {}
  const server = createServer((request, response) => void handle(request, response))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const issuer = `http://127.0.0.1:${address.port}`
  const people = new Map<string, Person>()

  const authMethod = options.authMethod ?? "client_secret_basic"
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [options.redirectUri] },
        token_endpoint_auth_method: authMethod,
      },
    ],
    clientAuthMethods: [authMethod],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: options.emailInIdToken !== true,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: {
      url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
    cookies: { keys: ["cookies"] },
    jwks: { keys: [await signingKey()] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ ...(people.get(sub) ?? {}), sub }),
    }),
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
  })
  const callback = provider.callback()

  handle = async (request, response) => {
    const path = new URL(request.url ?? "/", issuer).pathname
    under.asked[path] = (under.asked[path] ?? 0) + 1
    if (!path.startsWith("/interaction/")) return callback(request, response)
    const { person } = under
    if ("error" in person) {
      const declined = { error: person.error, error_description: "as the test wants it" }
      return provider.interactionFinished(request, response, declined)
    }
    people.set(person.sub, person)
    const grant = new provider.Grant({ accountId: person.sub, clientId: CLIENT_ID })
    grant.addOIDCScope("openid email profile")
    const consent = { grantId: await grant.save() }
    return provider.interactionFinished(request, response, { login: { accountId: person.sub }, consent })
  }

  const under: ProviderUnderTest = {
    issuer,
    person: { sub: "1" },
    asked: {},
    async visit(url) {
      const cookies = new Map<string, string>()
      for (let next = url; ; ) {
        const response = await fetch(next, {
          redirect: "manual",
          headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        })
        for (const cookie of response.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
          cookies.set(name, value)
        }
        const location = response.headers.get("location")
        if (location === null)
          throw new Error(`the provider answered ${response.status}: ${await response.text()}`)
        next = new URL(location, next).href
        if (next.startsWith(options.redirectUri)) return next
      }
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, "close")
    },
  }
  return under
}

async function signingKey() {
  const { exportJWK, generateKeyPair } = await import("jose")
  const { privateKey } = await generateKeyPair("RS256", { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: "test", alg: "RS256", use: "sig" }
}
