import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Context, Handler } from "hono"
import { html } from "hono/html"
import { ProviderUnavailableError } from "../../accounts/built-in.ts"
import { readForm } from "../../middleware/request-body.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { showPage } from "../../middleware/show-page.ts"
import { visitOf } from "../../middleware/visit.ts"
import type { Markup } from "../../pages/page.ts"
import { leavingForProviderPage, providerUnavailablePage } from "../../pages/sign-in/providers.ts"
import { admitAddress } from "../request-limit.ts"
import { returnPathOf } from "../return-path.ts"
import { goOn, setCookiesOf, statusOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { answerWithSecurity, SECURITY_PATH } from "./security.ts"
import { answerWithSignIn } from "./sign-in.ts"

type Provider = { id: string; name: string }

/** `POST /sign-in/providers/:id`: on to the provider, to sign in there. */
export function beginWithProvider(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const provider = providerOf(c, deps)
    const form = await readForm(c.req.raw)
    const returnTo = returnPathOf(form.get("return_to"), deps.issuer)
    const again = html`<form method="post" action="/sign-in/providers/${provider.id}"><input type="hidden" name="return_to" value="${returnTo}"><button type="submit">Try again</button></form>`
    const back = { url: deps.accounts.signInUrl(returnTo), text: "Sign in another way" }
    return unlessUnavailable(c, { again, back }, () =>
      leaveForProvider(c, deps, provider, { returnTo, browser: null }),
    )
  }
}

/**
 * `GET /sign-in/providers/:id/callback`: the provider's answer. Signs in, or connects; what was refused is said where it was begun. The way back is
 * checked here again.
 */
export function completeWithProvider(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    const provider = providerOf(c, deps)
    const browser = await deps.accounts.browserSession(c.req.raw)
    const again = html`<a class="button" href="${browser === null ? "/sign-in" : SECURITY_PATH}">Try again</a>`
    const back = { url: "/", text: "Home" }
    return unlessUnavailable(c, { again, back }, async () => {
      await admitAddress(c, deps)
      const visit = visitOf(c, deps.clientAddress)
      const outcome = await deps.accounts.providers.complete(provider.id, c.req.raw, browser, visit)
      const returnTo = returnPathOf(outcome.returnTo, deps.issuer)
      if (outcome.ok) return goOn(c, outcome, returnTo)
      const problem = { ...outcome, field: "form" }
      const status = statusOf(c, problem, 401)
      if (browser !== null && returnTo.split("?")[0] === SECURITY_PATH) {
        return answerWithSecurity(c, deps, browser, { problem: { ...problem, form: null }, status })
      }
      return answerWithSignIn(c, deps, { returnTo, problem, status })
    })
  }
}

/**
 * The browser goes on by itself, by `Refresh`, which like a click on a link is not held to any `form-action`; a redirect of the form would be, and every
 * further one at the provider.
 */
export async function leaveForProvider(
  c: Context<AppEnv>,
  deps: SignInDeps,
  provider: Provider,
  options: Parameters<SignInDeps["accounts"]["providers"]["begin"]>[1],
): Promise<Response> {
  await admitAddress(c, deps)
  const begun = await deps.accounts.providers.begin(provider.id, options)
  if (begun === null) throw notThere()
  setCookiesOf(c, begun.setCookies)
  c.header("Refresh", `0; url=${begun.url}`)
  return showPage(c, leavingForProviderPage({ name: provider.name, url: begun.url }))
}

/** Where the provider does not answer, a page says so (503), and the log knows why. */
export async function unlessUnavailable(
  c: Context<AppEnv>,
  page: { again: Markup; back: { url: string; text: string } },
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    return await answer()
  } catch (error) {
    if (!(error instanceof ProviderUnavailableError)) throw error
    return showPage(c, providerUnavailablePage({ name: error.provider, ...page }), { status: 503 })
  }
}

/** The provider that the path names. @throws RequestRefused 404 */
export function providerOf(c: Context<AppEnv>, { accounts }: SignInDeps): Provider {
  const provider = accounts.providers.list.find(({ id }) => id === c.req.param("id"))
  if (provider === undefined) throw notThere()
  return provider
}

function notThere(): RequestRefused {
  return new RequestRefused(404, WIRE_ERRORS.notFound, "There is nothing at this address.")
}
