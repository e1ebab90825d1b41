import { OAUTH_PATHS, WIRE_ERRORS } from "@authchemy/protocol"
import type { Handler } from "hono"
import * as v from "valibot"
import type { Client } from "../../clients/client.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { type ApprovalDeps, askForApproval } from "../approval.ts"
import { approvalRedirect } from "../approval-redirect.ts"
import { ApprovalRequest } from "../approval-request.ts"
import { invalidRequest, type Parameters, readParameters } from "../parameters.ts"
import { refuseCredentialsInQuery } from "../query-credentials.ts"
import { AuthorizationRefused, readAuthorizationRequest } from "./authorization-request.ts"
import { REQUEST_URI_PREFIX } from "./pushed-authorization-request.ts"

/**
 * `GET /oauth/authorize` (RFC 6749 §4.1.1): checks a client's request, has the person sign in, and asks for approval. What is wrong before the redirect
 * target is known to be good is said on our own page; what is wrong after that, to the client.
 */
export function showAuthorize(deps: ApprovalDeps): Handler<AppEnv> {
  return async (c) => {
    refuseCredentialsInQuery(c.req.url)
    const parameters = readParameters(new URL(c.req.url).search.slice(1))
    const client = await clientOf(parameters, deps)
    try {
      const request = await requestOf(parameters, client, deps)
      return await askForApproval(c, deps, OAUTH_PATHS.authorize, client, request)
    } catch (error) {
      if (!(error instanceof AuthorizationRefused)) throw error
      const answer = { error: error.code, error_description: error.message }
      return c.redirect(approvalRedirect(error.target, answer, deps.issuer), 303)
    }
  }
}

async function clientOf({ given, twice }: Parameters, { clients }: ApprovalDeps): Promise<Client> {
  if (twice.has("client_id")) throw invalidRequest("client_id is there twice.")
  const id = given.get("client_id")?.value
  if (!id) throw invalidRequest("client_id is missing.")
  const client = await clients.find(id)
  if (client !== null) return client
  throw new RequestRefused(
    400,
    WIRE_ERRORS.unauthorizedClient,
    "The program is not registered at this server.",
  )
}

/** The request that stands in the query, or the one that was pushed before (RFC 9126 §4): then nothing else of the query counts. */
async function requestOf(
  parameters: Parameters,
  client: Client,
  deps: ApprovalDeps,
): Promise<ApprovalRequest> {
  const pushedAs = parameters.given.get("request_uri")?.value
  if (!pushedAs) return readAuthorizationRequest(parameters, client)
  const mayBeKnown = pushedAs.startsWith(REQUEST_URI_PREFIX) && !parameters.twice.has("request_uri")
  const pushed = mayBeKnown ? await deps.tokens.recall(pushedAs) : null
  const request = pushed === null ? null : v.parse(v.pipe(v.string(), v.parseJson(), ApprovalRequest), pushed)
  if (request?.clientId === client.id) return { ...request, pushedAs }
  const sentence = "request_uri is unknown, used or expired, or was made for another client."
  throw new RequestRefused(400, WIRE_ERRORS.invalidRequestUri, sentence)
}
