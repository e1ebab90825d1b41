import type { BuiltInAccounts } from "../../accounts/built-in.ts"
import type { KeptRequestLimits } from "../../limits/kept-request-limits.ts"
import type { ClientAddress } from "../../middleware/client-address.ts"
import { SECURITY_CONFIRMATIONS, SECURITY_FORMS } from "../../pages/account/security-form.ts"
import type { FormTokens } from "../form-token.ts"
import type { RouteTable } from "../route-table.ts"
import { showCreateAccount, submitCreateAccount } from "./create-account.ts"
import { showForgotPassword, submitForgotPassword } from "./forgot-password.ts"
import { passkeySignInOptions, submitPasskey } from "./passkey.ts"
import { beginWithProvider, completeWithProvider } from "./providers.ts"
import { showResetPassword, submitResetPassword } from "./reset-password.ts"
import { showSecondFactor, submitSecondFactor } from "./second-factor.ts"
import { SECURITY_PATH, showSecurity } from "./security.ts"
import {
  addPasskey,
  askToRemovePasskey,
  passkeyRegistrationOptions,
  removePasskey,
} from "./security-passkeys.ts"
import { changePassword } from "./security-password.ts"
import { askToLinkProvider, askToUnlinkProvider, linkProvider, unlinkProvider } from "./security-providers.ts"
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from "./security-second-factor.ts"
import { showSignIn, submitSignIn } from "./sign-in.ts"
import { showVerifyEmail, submitVerifyEmail } from "./verify-email.ts"

/** What the built-in accounts' pages work on. */
export type SignInDeps = {
  issuer: string
  accounts: BuiltInAccounts
  formTokens: FormTokens
  clientAddress: ClientAddress
  /** Counts what is kept for a sign-in that begins. */
  requestLimits: KeptRequestLimits
}

/** The pages of the built-in accounts: signing in, creating an account, and looking after it. */
export function signInRoutes(deps: SignInDeps): RouteTable {
  return {
    "/sign-in": { get: showSignIn(deps), post: submitSignIn(deps) },
    "/sign-in/passkey": { post: submitPasskey(deps), formOf: "/sign-in" },
    "/sign-in/passkey/options": { post: passkeySignInOptions(deps) },
    "/sign-in/second-factor": { get: showSecondFactor(deps), post: submitSecondFactor(deps) },
    "/sign-in/providers/:id": { post: beginWithProvider(deps), formOf: "/sign-in" },
    "/sign-in/providers/:id/callback": { get: completeWithProvider(deps) },
    "/create-account": { get: showCreateAccount(deps), post: submitCreateAccount(deps) },
    "/verify-email": { get: showVerifyEmail(deps), post: submitVerifyEmail(deps) },
    "/forgot-password": { get: showForgotPassword(deps), post: submitForgotPassword(deps) },
    "/reset-password": { get: showResetPassword(deps), post: submitResetPassword(deps) },
    [SECURITY_PATH]: { get: showSecurity(deps) },
    [SECURITY_FORMS.password]: { post: changePassword(deps), formOf: SECURITY_PATH },
    [SECURITY_FORMS.addPasskey]: { post: addPasskey(deps), formOf: SECURITY_PATH },
    [`${SECURITY_FORMS.addPasskey}/options`]: { post: passkeyRegistrationOptions(deps) },
    [SECURITY_CONFIRMATIONS.removePasskey]: { get: askToRemovePasskey(deps), post: removePasskey(deps) },
    [SECURITY_FORMS.secondFactor]: { post: beginSecondFactor(deps), formOf: SECURITY_PATH },
    [SECURITY_FORMS.confirm]: { post: confirmSecondFactor(deps), formOf: SECURITY_PATH },
    [SECURITY_FORMS.recoveryCodes]: { post: renewRecoveryCodes(deps), formOf: SECURITY_PATH },
    [SECURITY_FORMS.removeSecondFactor]: { post: removeSecondFactor(deps), formOf: SECURITY_PATH },
    [SECURITY_CONFIRMATIONS.link]: { get: askToLinkProvider(deps), post: linkProvider(deps) },
    [SECURITY_CONFIRMATIONS.unlink]: { get: askToUnlinkProvider(deps), post: unlinkProvider(deps) },
  }
}
