import { randomBytes } from "node:crypto"
import {
  CLI_TOKEN_PATH,
  codeChallengeOf,
  codeVerifierFrom,
  LOGIN_PATH,
  OAUTH_PATHS,
} from "@authchemy/protocol"
import { createStandIn, signInAndDecide } from "../stand-in.ts"
import type { Person } from "./world.ts"

/** What a program says of itself, and where it seems to be. */
export type Program = { client?: string; device?: string; os?: string; address: string }

const CALLBACK = "http://127.0.0.1:16424/callback"

/** A browser of its own at an address, that takes the answer to a program as well. @param agent its `User-Agent` */
export function standInAt(address: string, agent: string) {
  return createStandIn({
    fetch: async (input, init) => {
      if (String(input).startsWith(`${CALLBACK}?`)) return new Response("")
      const headers = new Headers(init?.headers)
      headers.set("x-forwarded-for", address)
      headers.set("user-agent", agent)
      return fetch(input, { ...init, headers })
    },
  })
}

/** The address that a program shows, at which a person is asked to approve it. @param codeChallenge `null`: an older program */
export function loginUrl(
  server: { url: string },
  { address: _, ...claims }: Program,
  codeChallenge: string | null = newVerifier().codeChallenge,
): string {
  const query = new URLSearchParams({ redirectUrl: CALLBACK, state: "a-state-of-the-program", ...claims })
  if (codeChallenge !== null) {
    query.set("code_challenge", codeChallenge)
    query.set("code_challenge_method", "S256")
  }
  return `${server.url}${LOGIN_PATH}?${query}`
}

/** Has a person approve a program. @returns what collects its token, once */
export async function approved(
  server: { url: string },
  person: Person,
  program: Program,
  browser: ReturnType<typeof standInAt>,
): Promise<() => Promise<string>> {
  const { codeVerifier, codeChallenge } = newVerifier()
  const page = await signInAndDecide(person, loginUrl(server, program, codeChallenge), "Approve", browser)
  const code = new URL(page.url).searchParams.get("code")
  return async () => {
    const response = await fetch(`${server.url}${CLI_TOKEN_PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": program.address },
      body: JSON.stringify({ code, redirect_uri: CALLBACK, code_verifier: codeVerifier }),
    })
    const { authToken } = (await response.json()) as { authToken?: string }
    if (authToken === undefined) throw new Error(`no token: ${response.status}`)
    return authToken
  }
}

/** A device that asks for a code. @returns the code, and the address that has it in it */
export async function askingDevice(
  server: { url: string },
  { address, ...claims }: Program,
): Promise<{ userCode: string; url: string }> {
  const response = await fetch(`${server.url}${OAUTH_PATHS.deviceAuthorization}`, {
    method: "POST",
    headers: { "x-forwarded-for": address },
    body: new URLSearchParams({
      ...{ client_id: "alchemy-cli", ...claims },
      ...{ code_challenge: newVerifier().codeChallenge, code_challenge_method: "S256" },
    }),
  })
  const shown = (await response.json()) as { user_code: string; verification_uri_complete: string }
  return { userCode: shown.user_code, url: shown.verification_uri_complete }
}

/** One call of the admin API. @returns what it answers */
export async function callApi(
  server: { url: string },
  token: string,
  method: string,
  path: string,
  body: object,
): Promise<unknown> {
  const response = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as { data?: unknown }
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
  return answer.data
}

function newVerifier() {
  const codeVerifier = codeVerifierFrom(randomBytes)
  return { codeVerifier, codeChallenge: codeChallengeOf(codeVerifier) }
}
