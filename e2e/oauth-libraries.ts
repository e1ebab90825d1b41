import * as oauth from "oauth4webapi"
import * as openid from "openid-client"
import type { RegisteredClient } from "./oauth-world.ts"

/** How a client says who it is at the token endpoint (RFC 6749 §2.3). */
export type ClientMethod = "none" | "client_secret_basic" | "client_secret_post"

export type Tokens = oauth.TokenEndpointResponse

/** What the tests ask of an OAuth library, whichever it is. Every answer has passed the library's own checks; errors are the library's. */
export type LibraryClient = {
  /** The server's metadata, as the library found it. */
  metadata: oauth.AuthorizationServer
  /** Begins a sign-in with PKCE and `state`; `pushed` sends the request ahead (RFC 9126). */
  begin(options: { redirectUri: string; scope: string; pushed?: boolean }): Promise<{
    url: string
    /** From the redirect to tokens. */
    finish(redirected: URL): Promise<Tokens>
  }>
  refresh(refreshToken: string): Promise<Tokens>
  revoke(token: string): Promise<void>
  introspect(token: string): Promise<oauth.IntrospectionResponse>
  /** Calls the admin API, with `Authorization: DPoP` where the client has a key. */
  call(token: string, method: string, path: string): Promise<Response>
  startDevice(scope: string): Promise<oauth.DeviceAuthorizationResponse>
  /** `openid-client` waits and asks until there is an answer; `oauth4webapi` asks once. */
  poll(device: oauth.DeviceAuthorizationResponse): Promise<Tokens>
}

/** How the libraries differ for a test, and not in anything that the server sees. */
export type Connect = (options: {
  server: { url: string }
  client: RegisteredClient
  method?: ClientMethod
  algorithm?: "oauth2" | "oidc"
  /** Makes a key pair, and binds tokens to it. */
  dpop?: boolean
  fetch?: typeof fetch
}) => Promise<LibraryClient>

/** `openid-client`, with all that it checks; plain http is allowed because the server is on loopback. */
export const connectOpenidClient: Connect = async ({ server, client, method, ...options }) => {
  const { algorithm = "oauth2", fetch: send = fetch } = options
  const authentication = {
    none: openid.None,
    client_secret_basic: openid.ClientSecretBasic,
    client_secret_post: openid.ClientSecretPost,
  }[method ?? methodOf(client)](client.secret ?? "")
  const config = await openid.discovery(new URL(server.url), client.id, undefined, authentication, {
    algorithm,
    execute: [openid.allowInsecureRequests],
    [openid.customFetch]: (url, init) => send(url, init as RequestInit),
  })
  const keyed = options.dpop ? { DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) } : {}

  return {
    metadata: config.serverMetadata(),
    begin: async ({ redirectUri, scope, pushed = false }) => {
      const pkceCodeVerifier = openid.randomPKCECodeVerifier()
      const expectedState = openid.randomState()
      const parameters = {
        ...{ redirect_uri: redirectUri, scope, state: expectedState, code_challenge_method: "S256" },
        code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      }
      const url = pushed
        ? await openid.buildAuthorizationUrlWithPAR(config, parameters, keyed)
        : openid.buildAuthorizationUrl(config, parameters)
      const checks = { pkceCodeVerifier, expectedState }
      const finish = (redirected: URL) =>
        openid.authorizationCodeGrant(config, redirected, checks, undefined, keyed)
      return { url: url.href, finish }
    },
    refresh: (refreshToken) => openid.refreshTokenGrant(config, refreshToken, undefined, keyed),
    revoke: (token) => openid.tokenRevocation(config, token),
    introspect: (token) => openid.tokenIntrospection(config, token),
    call: (token, verb, path) =>
      openid.fetchProtectedResource(config, token, new URL(path, server.url), verb, null, undefined, keyed),
    startDevice: (scope) => openid.initiateDeviceAuthorization(config, { scope }),
    poll: (device) => openid.pollDeviceAuthorizationGrant(config, device, undefined, keyed),
  }
}

/** `oauth4webapi`, with all that it checks; plain http is allowed because the server is on loopback. */
export const connectOauth4webapi: Connect = async ({ server, client: registered, method, ...options }) => {
  const { algorithm = "oauth2", fetch: send = fetch } = options
  const client: oauth.Client = { client_id: registered.id }
  const authentication = {
    none: oauth.None,
    client_secret_basic: oauth.ClientSecretBasic,
    client_secret_post: oauth.ClientSecretPost,
  }[method ?? methodOf(registered)](registered.secret ?? "")
  const plain = {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (url: string, init: object) => send(url, init),
  }
  const keyed = options.dpop
    ? { ...plain, DPoP: oauth.DPoP(client, await oauth.generateKeyPair("ES256")) }
    : plain
  const issuer = new URL(server.url)
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm, ...plain }),
  )

  return {
    metadata: as,
    begin: async ({ redirectUri, scope, pushed = false }) => {
      const verifier = oauth.generateRandomCodeVerifier()
      const state = oauth.generateRandomState()
      const parameters = new URLSearchParams({
        ...{ client_id: client.client_id, redirect_uri: redirectUri, response_type: "code", scope, state },
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      })
      const push = async () =>
        oauth.processPushedAuthorizationResponse(
          as,
          client,
          await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, keyed),
        )
      const query = pushed
        ? { client_id: client.client_id, request_uri: (await withNonce(push)).request_uri }
        : parameters
      return {
        url: `${as.authorization_endpoint}?${new URLSearchParams(query)}`,
        finish: (redirected) =>
          withNonce(async () => {
            const answer = oauth.validateAuthResponse(as, client, redirected, state)
            const response = await oauth.authorizationCodeGrantRequest(
              ...([as, client, authentication, answer, redirectUri, verifier, keyed] as const),
            )
            return oauth.processAuthorizationCodeResponse(as, client, response)
          }),
      }
    },
    refresh: (refreshToken) =>
      withNonce(async () =>
        oauth.processRefreshTokenResponse(
          as,
          client,
          await oauth.refreshTokenGrantRequest(as, client, authentication, refreshToken, keyed),
        ),
      ),
    revoke: async (token) =>
      oauth.processRevocationResponse(
        await oauth.revocationRequest(as, client, authentication, token, plain),
      ),
    introspect: async (token) =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, authentication, token, plain),
      ),
    call: (token, verb, path) =>
      withNonce(() =>
        oauth.protectedResourceRequest(token, verb, new URL(path, server.url), undefined, null, keyed),
      ),
    startDevice: async (scope) =>
      oauth.processDeviceAuthorizationResponse(
        as,
        client,
        await oauth.deviceAuthorizationRequest(as, client, authentication, { scope }, plain),
      ),
    poll: ({ device_code }) =>
      withNonce(async () =>
        oauth.processDeviceCodeResponse(
          as,
          client,
          await oauth.deviceCodeGrantRequest(as, client, authentication, device_code, keyed),
        ),
      ),
  }
}

function methodOf({ secret }: RegisteredClient): ClientMethod {
  return secret === null ? "none" : "client_secret_basic"
}

/** Asks once more where the server wanted a nonce: `oauth4webapi` has taken it from the answer, and leaves the second try to its caller. */
async function withNonce<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (oauth.isDPoPNonceError(error)) return work()
    throw error
  }
}
