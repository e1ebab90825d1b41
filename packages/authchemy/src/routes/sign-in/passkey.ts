import type { Handler } from "hono"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { visitOf } from "../../middleware/visit.ts"
import { admitAddress } from "../request-limit.ts"
import { returnPathOf } from "../return-path.ts"
import { goOn, setCookiesOf, statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { answerWithSignIn } from "./sign-in.ts"

/** `POST /sign-in/passkey/options`: options for `navigator.credentials.get`, as JSON, and the cookie that binds them to this browser. */
export function passkeySignInOptions(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    await admitAddress(c, deps)
    const { options, setCookies } = await deps.accounts.passkeys.signInOptions()
    setCookiesOf(c, setCookies)
    return c.json(options)
  }
}

/** `POST /sign-in/passkey` with `credential`, the credential's JSON: `303` back to where the person came from, or the sign-in page with what was wrong. */
export function submitPasskey(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const credential = form.get("credential") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.passkeys.signIn({ credential }, c.req.raw, visit)
    if (outcome.ok) return goOn(c, outcome, returnTo)
    // No field of the page is to blame.
    const problem = { ...outcome, field: "form" }
    return answerWithSignIn(c, deps, { returnTo, problem, status: statusOf(c, problem, 401) })
  }
}
