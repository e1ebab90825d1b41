import type { Context, Handler } from "hono"
import { html } from "hono/html"
import type { AccountSecurity } from "../../accounts/built-in.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { visitOf } from "../../middleware/visit.ts"
import type { SecurityConfirmation } from "../../pages/account/security-confirmation.ts"
import { securityUrl } from "../../pages/account/security-notices.ts"
import { providerPath } from "../../pages/account/security-providers.ts"
import { leaveWith } from "./outcome.ts"
import { leaveForProvider, providerOf, unlessUnavailable } from "./providers.ts"
import type { SignInDeps } from "./routes.ts"
import { onSecurity, SECURITY_PATH } from "./security.ts"
import { askOnceMore, type ConfirmationOf, refuseOnceMore } from "./security-confirmation.ts"

/** `GET /security/providers/:id/link`: asks once more. */
export function askToLinkProvider(deps: SignInDeps): Handler<AppEnv> {
  return askOnceMore(deps, linking(deps))
}

/** `POST /security/providers/:id/link` with `password`: on to the provider, to connect it to the account that is signed in. */
export function linkProvider(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const provider = providerOf(c, deps)
    const password = form.get("password") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const refusal = await deps.accounts.providers.confirmLinking(browser, { password }, visit)
    if (refusal !== null) return refuseOnceMore(c, deps, browser, refusal, linking(deps))
    const returnTo = securityUrl("provider-connected")
    const again = html`<a class="button" href="${providerPath("link", provider.id)}">Try again</a>`
    const back = { url: SECURITY_PATH, text: "Back to Security" }
    return unlessUnavailable(c, { again, back }, () =>
      leaveForProvider(c, deps, provider, { returnTo, browser }),
    )
  })
}

/** `GET /security/providers/:id/unlink`: asks once more. */
export function askToUnlinkProvider(deps: SignInDeps): Handler<AppEnv> {
  return askOnceMore(deps, unlinking)
}

/** `POST /security/providers/:id/unlink` with `password`: disconnects a provider. */
export function unlinkProvider(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const id = c.req.param("id") ?? ""
    const password = form.get("password") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.providers.unlink(browser, { id, password }, visit)
    if (!outcome.ok) return refuseOnceMore(c, deps, browser, outcome, unlinking)
    return leaveWith(c, outcome.setCookies, securityUrl("provider-disconnected", outcome.endedSessions))
  })
}

function linking(deps: SignInDeps): ConfirmationOf {
  return (c, security): SecurityConfirmation | null => {
    const { id, name } = providerOf(c, deps)
    if (linkedOf(c, security) !== undefined) return null
    return {
      title: "Connect this provider?",
      name,
      lead: html`You sign in at <bdi>${name}</bdi> and come back here. From then on, whoever signs in there gets into this account.`,
      action: providerPath("link", id),
      button: "Connect",
      danger: false,
    }
  }
}

function unlinking(c: Context<AppEnv>, security: AccountSecurity): SecurityConfirmation | null {
  const provider = linkedOf(c, security)
  if (provider === undefined) return null
  return {
    title: "Disconnect this provider?",
    name: provider.name,
    lead: "It signs nobody in to this account any more. Every other browser and every command-line program is signed out.",
    action: providerPath("unlink", provider.id),
    button: "Disconnect",
    danger: true,
  }
}

function linkedOf(c: Context<AppEnv>, { providers }: AccountSecurity) {
  return providers.find(({ id }) => id === c.req.param("id"))
}
