import { html } from "hono/html"
import type { AccountSecurity } from "../../accounts/built-in.ts"
import { formField } from "../form-field.ts"
import type { Markup } from "../page.ts"
import { utcDay } from "../time.ts"
import {
  confirmingPassword,
  folded,
  idOf,
  SECURITY_CONFIRMATIONS,
  SECURITY_FORMS,
  type SecurityForms,
} from "./security-form.ts"
import { tokenField } from "./token-field.ts"

/** The panel about passkeys: those that there are, and a form that adds one where the browser can. */
export function passkeysPanel(forms: SecurityForms, passkeys: AccountSecurity["passkeys"]): Markup {
  return html`<section class="panel" id="passkeys" aria-labelledby="passkeys-title">
<h2 id="passkeys-title">Passkeys</h2>
<p class="lead">Sign in with your fingerprint, your face or a security key in place of password and second factor.</p>
${
  passkeys.length === 0
    ? html`<p class="empty">There is no passkey yet.</p>`
    : html`<ul class="rows" role="list">
${passkeys.map(passkeyRow)}
</ul>`
}
<noscript><p class="hint">Passkeys need JavaScript. Everything else here works without.</p></noscript>
${addForm(forms)}
</section>`
}

function passkeyRow({ id, name, createdAt, lastUsedAt }: AccountSecurity["passkeys"][number]): Markup {
  const remove = `${SECURITY_CONFIRMATIONS.removePasskey}?id=${encodeURIComponent(id)}`
  return html`<li><div>
<h3><bdi>${name}</bdi></h3>
<p class="meta">Added ${utcDay(createdAt)} · ${lastUsedAt === null ? "never used" : html`last used ${utcDay(lastUsedAt)}`}</p>
</div>
<a class="button second small" href="${remove}" aria-label="Remove ${name}">Remove</a></li>`
}

/** Hidden until the script has found that the browser can make passkeys. */
function addForm(forms: SecurityForms): Markup {
  const problem = forms.problemOf("addPasskey")
  const content = html`${formField({
    name: "name",
    id: idOf("addPasskey", "name"),
    label: "Name",
    value: problem?.typed,
    hint: "To tell it from others, such as the machine or the key that keeps it.",
    maxLength: 64,
    problem,
  })}
${confirmingPassword(forms, "addPasskey")}
<button type="submit">Add passkey</button>`
  return html`<form method="post" action="${SECURITY_FORMS.addPasskey}" data-passkey="register" data-options="${SECURITY_FORMS.addPasskey}/options" hidden>
${tokenField(forms.formToken)}<input type="hidden" name="credential" value="">
<p class="alert" role="alert" data-passkey-problem hidden></p>
${folded({ label: "Add a passkey", open: problem !== null, content })}
</form>`
}
