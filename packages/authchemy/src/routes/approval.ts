import { approvalPhraseOf, type LOGIN_PATH, type OAUTH_PATHS, WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Context, Handler } from "hono"
import type { Accounts } from "../accounts/accounts.ts"
import type { Audit } from "../audit/events.ts"
import { ALCHEMY_CLI, type Client, namedByRegistration } from "../clients/client.ts"
import type { Clients } from "../clients/clients.ts"
import type { ClientAddress } from "../middleware/client-address.ts"
import { readForm } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { requireSameOrigin } from "../middleware/same-origin.ts"
import { showPage } from "../middleware/show-page.ts"
import { approvePage } from "../pages/approval/approve.ts"
import { approvalRedirect, formActionSource } from "./approval-redirect.ts"
import type { ApprovalRequest, RequestSeal } from "./approval-request.ts"
import type { Opened } from "./opened.ts"
import { isStillSignedIn } from "./still-signed-in.ts"

export type ApprovalDeps = {
  issuer: string
  accounts: Accounts
  clients: Clients
  tokens: TokenService
  requestSeal: RequestSeal
  clientAddress: ClientAddress
  opened: Opened
  audit: Audit
  now: () => number
}

/** Where an approval is asked for, and answered. */
type Door = typeof LOGIN_PATH | typeof OAUTH_PATHS.authorize

/** Has the person sign in where nobody is, and asks for approval of a request that has been checked. */
export async function askForApproval(
  c: Context<AppEnv>,
  deps: ApprovalDeps,
  door: Door,
  client: Client,
  request: ApprovalRequest,
): Promise<Response> {
  const path = `${door}${new URL(c.req.url).search}`
  const browser = await deps.accounts.browserSession(c.req.raw)
  if (browser === null) return c.redirect(deps.accounts.signInUrl(deps.opened.note(path)), 303)
  const builtIn = client === ALCHEMY_CLI
  const { redirectUri, codeChallenge } = request
  const atWebSite = redirectUri.startsWith("https:")
  return showPage(
    c,
    approvePage({
      action: door,
      // The built-in client is whatever command-line program says so: its claim is all there is.
      client: { name: builtIn ? "" : client.name, builtIn },
      device: request.device,
      addresses: { browser: deps.clientAddress(c), program: request.pushedFrom?.address ?? null },
      age: {
        ...(request.pushedFrom === null
          ? { what: "opened", at: deps.opened.at(path) }
          : { what: "began", at: request.pushedFrom.at }),
        now: deps.now(),
      },
      account: browser.account,
      phrase: codeChallenge === null || atWebSite ? null : approvalPhraseOf(codeChallenge),
      scopes: request.scopes,
      request: deps.requestSeal.seal(request, browser),
      path: deps.opened.note(path),
      ...(atWebSite ? { destination: new URL(redirectUri).host } : {}),
    }),
    { formTargets: [formActionSource(redirectUri)] },
  )
}

/** `POST` at either door: the person's answer. Leads to the client's redirect target, and nowhere else. */
export function answerApproval(deps: ApprovalDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const browser = await deps.accounts.browserSession(c.req.raw)
    const request = browser === null ? null : deps.requestSeal.open(form.get("request") ?? "", browser)
    const client = request === null ? null : await deps.clients.find(request.clientId)
    if (browser === null || request === null || client === null) throw expiredPage()
    const decision = form.get("decision")
    if (decision !== "approve" && decision !== "deny") {
      throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "decision must be approve or deny.")
    }
    await useUp(deps.tokens, request)
    const device = namedByRegistration(client, request.device)
    if (decision === "deny") {
      const { clientId } = request
      deps.audit.record({ type: "approval.denied", accountId: browser.account.id, clientId, device })
      const error_description = "The person denied the sign-in."
      const answer = { error: WIRE_ERRORS.accessDenied, error_description }
      return c.redirect(approvalRedirect(request, answer, deps.issuer), 303)
    }
    const { clientId, scopes, redirectUri, codeChallenge, keyThumbprint } = request
    const code = await deps.tokens.issueCode({
      accountId: browser.account.id,
      ...{ clientId, scopes, redirectUri, codeChallenge, keyThumbprint },
      device,
    })
    // Handed to nobody, it expires.
    if (!(await isStillSignedIn(deps.accounts, c.req.raw, browser))) throw expiredPage()
    return c.redirect(approvalRedirect(request, { code }, deps.issuer), 303)
  }
}

function expiredPage(): RequestRefused {
  const sentence = "This approval page has expired, or was opened in another browser or account."
  return new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
}

/** A pushed request leads to one answer (RFC 9126 §7.3). */
async function useUp(tokens: TokenService, { pushedAs }: ApprovalRequest): Promise<void> {
  if (pushedAs === null || (await tokens.take(pushedAs)) !== null) return
  throw new RequestRefused(
    400,
    WIRE_ERRORS.invalidRequestUri,
    "This request has been answered already, or has expired.",
  )
}
