import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Context, Handler } from "hono"
import type { FormOutcome, PasswordAccounts } from "../accounts/accounts.ts"
import type { ClientAddress } from "../middleware/client-address.ts"
import { readForm } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { requireSameOrigin } from "../middleware/same-origin.ts"
import { createAccountPage } from "../pages/create-account.ts"
import { signInPage } from "../pages/sign-in.ts"
import { returnPathOf } from "./return-path.ts"

export type SignInDeps = { issuer: string; accounts: PasswordAccounts; clientAddress: ClientAddress }

/** `GET /sign-in?return_to=<path>`. Who is signed in already goes straight on. */
export function showSignIn(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    const returnTo = returnPathOf(c.req.query("return_to"), deps.issuer)
    if ((await deps.accounts.browserSession(c.req.raw)) !== null) return c.redirect(returnTo, 303)
    return c.html(renderSignIn(deps, { returnTo, email: "", problem: null }))
  }
}

/** `POST /sign-in`: `303` back to where the person came from, or the form again with what was wrong. */
export function submitSignIn(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const email = form.get("email") ?? ""
    const password = form.get("password") ?? ""
    const client = { clientAddress: deps.clientAddress(c) }
    const outcome = await deps.accounts.signIn({ email, password }, c.req.raw, client)
    if (outcome.ok) return leaveWith(c, outcome.setCookies, returnTo)
    const status = statusOf(c, outcome, 401)
    return c.html(renderSignIn(deps, { returnTo, email, problem: outcome }), status)
  }
}

/** `GET /create-account?return_to=<path>`. Only where sign-up is open. */
export function showCreateAccount(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSignUp(deps)
    const returnTo = returnPathOf(c.req.query("return_to"), deps.issuer)
    if ((await deps.accounts.browserSession(c.req.raw)) !== null) return c.redirect(returnTo, 303)
    return c.html(renderCreateAccount(deps, { returnTo, email: "", name: "", problem: null }))
  }
}

/** `POST /create-account`: the account is made and this browser signed in to it. */
export function submitCreateAccount(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSignUp(deps)
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const email = form.get("email") ?? ""
    const name = form.get("name") ?? ""
    const password = form.get("password") ?? ""
    const client = { clientAddress: deps.clientAddress(c) }
    const outcome = await deps.accounts.signUp({ email, password, name }, c.req.raw, client)
    if (outcome.ok) return leaveWith(c, outcome.setCookies, returnTo)
    const status = statusOf(c, outcome, 400)
    return c.html(renderCreateAccount(deps, { returnTo, email, name, problem: outcome }), status)
  }
}

/** 303, so that a browser never posts the password again (RFC 9700 §4.12). */
function leaveWith(c: Context<AppEnv>, setCookies: readonly string[], returnTo: string): Response {
  for (const cookie of setCookies) c.header("Set-Cookie", cookie, { append: true })
  return c.redirect(returnTo, 303)
}

/** @param inForm the status where the form as a whole was refused rather than one field */
function statusOf(c: Context<AppEnv>, outcome: FormOutcome & { ok: false }, inForm: 400 | 401) {
  if (outcome.retryAfterSeconds !== undefined) {
    c.header("Retry-After", String(outcome.retryAfterSeconds))
    return 429
  }
  return outcome.field === "form" ? inForm : 400
}

function renderSignIn(deps: SignInDeps, page: Omit<Parameters<typeof signInPage>[0], "createAccountUrl">) {
  const createAccountUrl = deps.accounts.signUpAllowed ? withReturn("/create-account", page.returnTo) : null
  return signInPage({ ...page, createAccountUrl })
}

function renderCreateAccount(
  deps: SignInDeps,
  page: Omit<Parameters<typeof createAccountPage>[0], "signInUrl">,
) {
  return createAccountPage({ ...page, signInUrl: deps.accounts.signInUrl(page.returnTo) })
}

function withReturn(path: string, returnTo: string): string {
  return `${path}?return_to=${encodeURIComponent(returnTo)}`
}

function requireSignUp(deps: SignInDeps): void {
  if (deps.accounts.signUpAllowed) return
  const sentence = "Accounts on this server are made by whoever runs it."
  throw new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
}
