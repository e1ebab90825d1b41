import type { Context, Handler } from "hono"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import type { FormProblem } from "../../pages/form-field.ts"
import { type SecondFactorKind, secondFactorPage } from "../../pages/sign-in/second-factor.ts"
import { returnPathOf } from "../return-path.ts"
import { goOn, statusOf, withReturn } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { answerWithSignIn } from "./sign-in.ts"

const PATH = "/sign-in/second-factor"
const RECOVERY = "recovery"

/** `GET /sign-in/second-factor?return_to=<path>`; with `with=recovery` for who types a recovery code. Where no sign-in waits for it, back to the sign-in page. */
export function showSecondFactor(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    const returnTo = returnPathOf(c.req.query("return_to"), deps.issuer)
    if (!(await deps.accounts.secondFactor.isAwaited(c.req.raw))) {
      return c.redirect(deps.accounts.signInUrl(returnTo), 303)
    }
    return answerWithForm(c, deps, { kind: kindOf(c.req.query("with")), returnTo, problem: null })
  }
}

/** `POST /sign-in/second-factor` with `code`: completes the sign-in, or asks again. Where the attempt is over, the sign-in page says so. */
export function submitSecondFactor(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const { secondFactor } = deps.accounts
    if (!(await secondFactor.isAwaited(c.req.raw))) {
      return c.redirect(deps.accounts.signInUrl(returnTo), 303)
    }
    const code = form.get("code") ?? ""
    const outcome = await secondFactor.answer({ code }, c.req.raw, visitOf(c, deps.clientAddress))
    if (outcome.ok) return goOn(c, outcome, returnTo)
    const status = statusOf(c, outcome, 401)
    if (await secondFactor.isAwaited(c.req.raw)) {
      const kind = kindOf(form.get("with"))
      return answerWithForm(c, deps, { kind, returnTo, problem: outcome, status })
    }
    const problem = { ...outcome, field: "form" }
    return answerWithSignIn(c, deps, { returnTo, problem, status })
  }
}

function kindOf(text: string | undefined): SecondFactorKind {
  return text === RECOVERY ? RECOVERY : "code"
}

function answerWithForm(
  c: Context<AppEnv>,
  deps: SignInDeps,
  page: {
    kind: SecondFactorKind
    returnTo: string
    problem: FormProblem | null
    status?: 400 | 401 | 429
  },
): Response | Promise<Response> {
  const { kind, returnTo, status = 200 } = page
  const other = kind === RECOVERY ? PATH : `${PATH}?with=${RECOVERY}`
  const signInUrl = deps.accounts.signInUrl(returnTo)
  return showPage(c, secondFactorPage({ ...page, otherUrl: withReturn(other, returnTo), signInUrl }), {
    status,
  })
}
