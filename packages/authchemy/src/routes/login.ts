import { approvalPhraseOf, LOGIN_PATH, WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import type { Handler } from "hono"
import type { Accounts } from "../accounts/accounts.ts"
import type { ClientAddress } from "../middleware/client-address.ts"
import { readForm } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { requireSameOrigin } from "../middleware/same-origin.ts"
import { pagePolicy } from "../middleware/security-headers.ts"
import { approvePage } from "../pages/approve.ts"
import { formActionSource, loginRedirect } from "./login-redirect.ts"
import { parseLoginRequest } from "./login-request.ts"
import type { RequestSeal } from "./sealed-request.ts"

type LoginDeps = {
  issuer: string
  accounts: Accounts
  tokens: TokenService
  requestSeal: RequestSeal
  clientAddress: ClientAddress
  allowCodeWithoutPkce: boolean
}

/** `GET /login`: checks the request, has the person sign in, and asks for approval. */
export function showLogin(deps: LoginDeps): Handler<AppEnv> {
  return async (c) => {
    const query = new URL(c.req.url).search.slice(1)
    const request = parseLoginRequest(query, deps)
    const path = `${LOGIN_PATH}?${query}`
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) return c.redirect(deps.accounts.signInUrl(path), 303)
    c.header("Content-Security-Policy", pagePolicy([formActionSource(request.redirectUri)]))
    return c.html(
      approvePage({
        device: request.device,
        address: deps.clientAddress(c),
        account: browser.account,
        phrase: request.codeChallenge === null ? null : approvalPhraseOf(request.codeChallenge),
        request: deps.requestSeal.seal(request, browser),
        path,
      }),
    )
  }
}

/** `POST /login`: the person's answer. Leads to the program's loopback listener, and nowhere else. */
export function answerLogin(deps: LoginDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const browser = await deps.accounts.browserSession(c.req.raw)
    const request = browser === null ? null : deps.requestSeal.open(form.get("request") ?? "", browser)
    if (browser === null || request === null) {
      const sentence = "This approval page has expired, or was opened in another browser or account."
      throw new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
    }
    switch (form.get("decision")) {
      case "approve": {
        const code = await deps.tokens.issueCode({
          accountId: browser.account.id,
          redirectUri: request.redirectUri,
          codeChallenge: request.codeChallenge,
          device: request.device,
        })
        return c.redirect(loginRedirect(request, { code }, deps.issuer), 303)
      }
      case "deny": {
        const error_description = "The person denied the sign-in."
        const answer = { error: WIRE_ERRORS.accessDenied, error_description }
        return c.redirect(loginRedirect(request, answer, deps.issuer), 303)
      }
      default:
        throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "decision must be approve or deny.")
    }
  }
}
