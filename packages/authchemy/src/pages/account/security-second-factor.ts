import { html } from "hono/html"
import type { AccountSecurity } from "../../accounts/built-in.ts"
import { formField } from "../form-field.ts"
import type { Markup } from "../page.ts"
import { confirmingPassword, folded, idOf, SECURITY_FORMS, type SecurityForms } from "./security-form.ts"
import { qrCode } from "./security-qr-code.ts"
import { tokenField } from "./token-field.ts"

/** How few recovery codes are left when it is time for new ones. */
const FEW_CODES = 3

/** What has been begun: the secret in base32, and the `otpauth:` URI that carries it. */
export type SecondFactorBegun = { uri: string; secret: string }

/**
 * The panel about the second factor: off, being set up, or on.
 * @param options.begun what has been begun and not confirmed, or `null`
 * @param options.justBegun whether the person has come here to go on with it
 */
export function secondFactorPanel(
  forms: SecurityForms,
  options: {
    secondFactor: AccountSecurity["secondFactor"]
    begun: SecondFactorBegun | null
    justBegun: boolean
  },
): Markup {
  const { secondFactor, begun, justBegun } = options
  const state = secondFactor === null ? "Off" : "On"
  return html`<section class="panel" id="second-factor" aria-labelledby="second-factor-title">
<h2 id="second-factor-title">Second factor <span class="tag">${state}</span></h2>
<p class="lead">After your password, a code from an authenticator app: whoever has only the password does not get in.</p>
${secondFactor === null ? "" : whenOn(forms, secondFactor)}
${secondFactor === null ? whenOff(forms, begun, justBegun) : ""}
</section>`
}

function whenOff(forms: SecurityForms, begun: SecondFactorBegun | null, justBegun: boolean): Markup {
  if (!forms.hasPassword) {
    return html`<p class="meta">This account has no password, so there is nothing to ask a code after.</p>`
  }
  return html`${begun === null ? "" : settingUp(forms, begun, justBegun)}
${beginning(forms, begun !== null)}`
}

function beginning(forms: SecurityForms, again: boolean): Markup {
  const content = html`<form method="post" action="${SECURITY_FORMS.secondFactor}">
${tokenField(forms.formToken)}
${again ? html`<p class="hint">You get a new secret; the one above is void then.</p>` : ""}
${confirmingPassword(forms, "secondFactor")}
<button type="submit"${again ? html` class="second"` : ""}>${again ? "Start again" : "Set up"}</button>
</form>`
  return folded({
    label: again ? "Start again with a new secret" : "Set up an authenticator app",
    open: forms.problemOf("secondFactor") !== null,
    content,
  })
}

function settingUp(forms: SecurityForms, begun: SecondFactorBegun, justBegun: boolean): Markup {
  const problem = forms.problemOf("confirm")
  const content = html`<p>Scan this with your authenticator app, or type the secret into it.</p>
<div class="qr">${qrCode(begun.uri, "QR code of the secret")}</div>
<p class="secret"><code id="totp-secret">${groupsOf(begun.secret).map((group) => html`<span>${group}</span>`)}</code><button type="button" class="second small" data-copy="#totp-secret" hidden>Copy secret</button></p>
<form method="post" action="${SECURITY_FORMS.confirm}">
${tokenField(forms.formToken)}
${formField({
  name: "code",
  id: idOf("confirm", "code"),
  label: "Code from the app",
  autocomplete: "one-time-code",
  inputMode: "numeric",
  kind: "digits",
  hint: "Six digits. They prove that the app has the secret.",
  required: true,
  maxLength: 32,
  focus: justBegun,
  problem,
})}
<button type="submit">Turn on</button>
</form>`
  return folded({ label: "Finish setting it up", open: justBegun || problem !== null, content })
}

function whenOn(forms: SecurityForms, { recoveryCodesLeft: left }: { recoveryCodesLeft: number }): Markup {
  const renew = html`<form method="post" action="${SECURITY_FORMS.recoveryCodes}">
${tokenField(forms.formToken)}
<p class="hint">The codes that you have now stop working.</p>
${confirmingPassword(forms, "recoveryCodes")}
<button type="submit">Make new codes</button>
</form>`
  const remove = html`<form method="post" action="${SECURITY_FORMS.removeSecondFactor}">
${tokenField(forms.formToken)}
<p class="hint">Your password alone signs in then. Every other browser and every command-line program is signed out.</p>
${confirmingPassword(forms, "removeSecondFactor")}
<button type="submit" class="danger">Turn off</button>
</form>`
  return html`<p${left < FEW_CODES ? html` class="warning"` : html` class="meta"`}>${left < FEW_CODES ? `${codesLeft(left)} Make new ones, or you are locked out when you lose your device.` : codesLeft(left)}</p>
${folded({ label: "Make new recovery codes", open: forms.problemOf("recoveryCodes") !== null, content: renew })}
${folded({ label: "Turn the second factor off", open: forms.problemOf("removeSecondFactor") !== null, content: remove })}`
}

function codesLeft(count: number): string {
  if (count === 0) return "No recovery code is left."
  return count === 1 ? "One recovery code is left." : `${count} recovery codes are left.`
}

/** A secret as it is read: in groups of four. What is copied has no gaps. */
function groupsOf(secret: string): readonly string[] {
  return secret.match(/.{1,4}/g) ?? []
}
