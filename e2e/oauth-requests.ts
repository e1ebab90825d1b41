import { randomBytes } from "node:crypto"
import { codeChallengeOf, codeVerifierFrom } from "@authchemy/protocol"
import { decideOn, listenForRedirect, type OAuthWorld } from "./oauth-world.ts"

export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
const SCOPE = "account:read sessions:manage offline_access"

/** What the token endpoint answers: `error` and the tokens where there are any. */
export type TokenAnswer = {
  status: number
  error?: string
  access_token?: string
  refresh_token?: string
  session_id?: string
}

/** Asks a server for tokens as the public client `cli`, with nothing between test and wire. */
export async function askForTokens(
  server: { url: string },
  fields: Record<string, string>,
): Promise<TokenAnswer> {
  const response = await fetch(`${server.url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({ client_id: "cli", ...fields }),
  })
  return { ...((await response.json()) as object), status: response.status }
}

/** The same request many times at once, in turn to each of the servers. */
export const askAtOnce = (servers: { url: string }[], count: number, fields: Record<string, string>) =>
  Promise.all(
    servers.flatMap((server, index) =>
      Array.from({ length: Math.ceil((count - index) / servers.length) }, () => askForTokens(server, fields)),
    ),
  )

/** Ada approves a sign-in of `cli`. Gives the form that redeems its code. */
export async function approvedCode(world: OAuthWorld) {
  const verifier = codeVerifierFrom(randomBytes)
  const listener = await listenForRedirect()
  const query = new URLSearchParams({
    ...{ client_id: "cli", response_type: "code", redirect_uri: listener.redirectUri, scope: SCOPE },
    ...{ code_challenge: codeChallengeOf(verifier), code_challenge_method: "S256" },
  })
  const redirected = await decideOn(world, `${world.server.url}/oauth/authorize?${query}`, listener)
  listener.stop()
  return {
    grant_type: "authorization_code",
    code: redirected.searchParams.get("code") ?? "",
    redirect_uri: listener.redirectUri,
    code_verifier: verifier,
  }
}

/** Ada signs in to `cli`. */
export async function signedIn(world: OAuthWorld): Promise<{ access_token: string; refresh_token: string }> {
  const { access_token, refresh_token } = await askForTokens(world.server, await approvedCode(world))
  if (access_token === undefined || refresh_token === undefined) throw new Error("no tokens")
  return { access_token, refresh_token }
}

/** Makes a device code for `cli`. */
export async function startDevice(server: { url: string }) {
  const response = await fetch(`${server.url}/oauth/device_authorization`, {
    method: "POST",
    body: new URLSearchParams({ client_id: "cli", scope: SCOPE }),
  })
  return (await response.json()) as { device_code: string; user_code: string; verification_uri: string }
}

/** The form that refreshes. */
export const refreshOf = (refresh_token: string) => ({ grant_type: "refresh_token", refresh_token })

/** The ids of the live sessions, as the holder of an access token sees them. */
export async function sessionIdsOf(server: { url: string }, accessToken: string): Promise<string[]> {
  const response = await fetch(`${server.url}/v1/sessions`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  const { data } = (await response.json()) as { data: { sessions: { id: string }[] } }
  return data.sessions.map(({ id }) => id)
}
