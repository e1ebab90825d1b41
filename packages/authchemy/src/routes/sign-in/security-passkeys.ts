import { WIRE_ERRORS } from "@authchemy/protocol"
import type { Handler } from "hono"
import type { AccountSecurity } from "../../accounts/built-in.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { requireSameOrigin } from "../../middleware/same-origin.ts"
import { visitOf } from "../../middleware/visit.ts"
import type { SecurityConfirmation } from "../../pages/account/security-confirmation.ts"
import { SECURITY_CONFIRMATIONS } from "../../pages/account/security-form.ts"
import { securityUrl } from "../../pages/account/security-notices.ts"
import { admitAddress } from "../request-limit.ts"
import { leaveWith, setCookiesOf } from "./outcome.ts"
import type { SignInDeps } from "./routes.ts"
import { onSecurity, refuseOnSecurity } from "./security.ts"
import { askOnceMore, refuseOnceMore } from "./security-confirmation.ts"

/** `POST /security/passkeys/options`: options for `navigator.credentials.create`, as JSON. Changes nothing, and so needs no form's token. */
export function passkeyRegistrationOptions(deps: SignInDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) {
      throw new RequestRefused(401, WIRE_ERRORS.invalidToken, "This browser is not signed in.")
    }
    await admitAddress(c, deps)
    const { options, setCookies } = await deps.accounts.passkeys.registrationOptions(browser)
    setCookiesOf(c, setCookies)
    return c.json(options)
  }
}

/** `POST /security/passkeys` with `credential`, `name` and `password`. */
export function addPasskey(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const name = form.get("name") ?? ""
    const passkey = { name, credential: form.get("credential") ?? "", password: form.get("password") ?? "" }
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.passkeys.register(browser, passkey, c.req.raw, visit)
    if (!outcome.ok) {
      return refuseOnSecurity(c, deps, browser, outcome, { form: "addPasskey", typed: name })
    }
    return leaveWith(c, outcome.setCookies, securityUrl("passkey-added"))
  })
}

/** `GET /security/passkeys/remove?id=…`: asks once more. */
export function askToRemovePasskey(deps: SignInDeps): Handler<AppEnv> {
  return askOnceMore(deps, (c, security) => removal(security, c.req.query("id")))
}

/** `POST /security/passkeys/remove` with `id` and `password`. */
export function removePasskey(deps: SignInDeps): Handler<AppEnv> {
  return onSecurity(deps, async (c, browser, form) => {
    const id = form.get("id") ?? ""
    const password = form.get("password") ?? ""
    const visit = visitOf(c, deps.clientAddress)
    const outcome = await deps.accounts.passkeys.remove(browser, { id, password }, visit)
    if (!outcome.ok) {
      return refuseOnceMore(c, deps, browser, outcome, (_, security) => removal(security, id))
    }
    return leaveWith(c, outcome.setCookies, securityUrl("passkey-removed", outcome.endedSessions))
  })
}

function removal({ passkeys }: AccountSecurity, id: string | undefined): SecurityConfirmation | null {
  const passkey = passkeys.find((one) => one.id === id)
  if (passkey === undefined) return null
  return {
    title: "Remove this passkey?",
    name: passkey.name,
    lead: "It signs nobody in any more. Every other browser and every command-line program is signed out.",
    action: SECURITY_CONFIRMATIONS.removePasskey,
    carried: { name: "id", value: passkey.id },
    button: "Remove passkey",
    danger: true,
  }
}
