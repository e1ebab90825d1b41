import { type GrantType, WIRE_ERRORS } from "@authchemy/protocol"
import type { Client } from "../../clients/client.ts"
import { verifySecret } from "../../clients/client-secret.ts"
import type { Clients } from "../../clients/clients.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { invalidRequest } from "../parameters.ts"
import type { OAuthForm } from "./oauth-form.ts"

/** Who a request says it comes from, and the secrets that would prove it, the likelier first. */
export type ClientClaim = { id: string; secrets: string[] }

/**
 * Finds out which client sends a request (RFC 6749 §2.3, §3.2.1): by Basic or by the form, a confidential one with its secret, a public one without.
 * Untidiness passes: Basic with an empty secret, an id that stands in both places, Basic values that were not form-encoded first, and an access token in
 * the Authorization header, which says nothing of a client (Requests-OAuthlib sends one wherever it has one).
 * @returns `null` where the request says nothing of a client: the caller decides whether its token says enough
 * @throws RequestRefused 401 `invalid_client`; 400 `invalid_request` where it says two things
 */
export async function identifyClient(
  request: Request,
  form: OAuthForm,
  clients: Clients,
): Promise<Client | null> {
  const claim = claimOf(request.headers.get("authorization"), form)
  return claim === null ? null : provenClient(claim, await clients.find(claim.id))
}

/** The client that a claim is about, where its secret proves it. @param client the one of the claimed id. @throws RequestRefused 401 `invalid_client` */
export function provenClient(claim: ClientClaim, client: Client | null): Client {
  if (client === null) throw invalidClient("The client is not registered here.")
  if (client.secretDigest === null) {
    if (claim.secrets.length === 0) return client
    throw invalidClient("This client is public: it has no secret and must send none.")
  }
  if (claim.secrets.length === 0) throw invalidClient("This client must send its secret.")
  if (claim.secrets.some((secret) => verifySecret(client, secret))) return client
  throw invalidClient("The client secret is wrong.")
}

/** As `identifyClient`, where a client must be named. */
export async function requireClient(request: Request, form: OAuthForm, clients: Clients): Promise<Client> {
  const client = await identifyClient(request, form, clients)
  if (client !== null) return client
  throw invalidClient("The request does not say which client it comes from: send client_id.")
}

/** @throws RequestRefused 400 `unauthorized_client` */
export function requireGrant(client: Client, grant: GrantType): void {
  if (client.grants.includes(grant)) return
  const sentence = `This client is not registered for the grant ${grant}.`
  throw new RequestRefused(400, WIRE_ERRORS.unauthorizedClient, sentence)
}

/** 401 with a challenge, however the client tried (RFC 6749 §5.2). */
export function invalidClient(message: string): RequestRefused {
  const headers = { "WWW-Authenticate": 'Basic realm="authchemy", charset="UTF-8"' }
  return new RequestRefused(401, WIRE_ERRORS.invalidClient, message, headers)
}

/**
 * What a request says of the client that it comes from; `null` where that is nothing.
 * @param header its `Authorization`
 * @throws RequestRefused as `identifyClient`
 */
export function claimOf(header: string | null, form: OAuthForm): ClientClaim | null {
  if (form.get("client_assertion") !== undefined) {
    throw invalidClient("client_assertion is not read here; send the client secret by Basic or in the form.")
  }
  const id = form.get("client_id")
  const secret = form.get("client_secret")
  if (header === null || /^(?:Bearer|DPoP) /i.test(header)) {
    if (id !== undefined) return { id, secrets: secret === undefined ? [] : [secret] }
    if (secret === undefined) return null
    throw invalidRequest("client_secret is there without client_id.")
  }
  const basic = basicOf(header)
  if (basic.secrets.length > 0 && secret !== undefined) {
    throw invalidRequest("The client secret must be sent in one way, by Basic or in the form, not in both.")
  }
  if (id !== undefined && id !== basic.id) {
    throw invalidRequest("client_id is another one than that of the Authorization header.")
  }
  return secret === undefined ? basic : { id: basic.id, secrets: [secret] }
}

/** The id and the secret of `Authorization: Basic` (RFC 7617), form-decoded (RFC 6749 §2.3.1) and, for clients that skip that, as it stands. */
function basicOf(header: string): ClientClaim {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8")
  const colon = text.indexOf(":")
  if (colon < 1) {
    throw invalidClient("Authorization must be Basic with the client id, a colon and the client secret.")
  }
  const raw = text.slice(colon + 1)
  const id = formDecoded(text.slice(0, colon))
  if (raw === "") return { id, secrets: [] }
  const decoded = formDecoded(raw)
  return { id, secrets: decoded === raw ? [raw] : [decoded, raw] }
}

function formDecoded(text: string): string {
  if (!/[%+]/.test(text)) return text
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return text
  }
}
