import { DEVICE_PATH } from "@authchemy/protocol"
import { html } from "hono/html"
import { SESSIONS_PATH } from "../account/sessions.ts"
import { isStated } from "../fact.ts"
import { formAlert } from "../form-field.ts"
import type { Markup, Page } from "../page.ts"
import { accountFoot } from "./account-foot.ts"
import { compareBox } from "./compare.ts"

type CodePage = {
  account: { email: string; name: string }
  /** As it was typed or came in the address; may be empty. */
  userCode: string
  /** Proves to the server that a form was on this page. */
  formToken: string
  /** What is wrong with the code, in a sentence. */
  problem: string | null
  /** Whether the code came in the address: it is then shown, and the person asked whether the terminal shows the same. */
  confirming: boolean
}

/**
 * Asks for the code that the terminal shows, or to confirm the one of the complete verification URL (RFC 8628 §3.3.1). Either way the form
 * posts `user_code`, and leads no further than to the question of approval.
 */
export function deviceCodePage(page: CodePage): Page {
  return page.confirming ? confirmPage(page) : typePage(page)
}

function typePage({ account, userCode, formToken, problem }: CodePage): Page {
  return {
    title: problem === null ? "Enter the code" : "Code not accepted",
    content: html`<h1>Enter the code</h1>
<p class="lead">Your terminal shows it. You will see what asks to use your account before you approve it.</p>
${alertOf(problem, "user_code")}
<form method="post" action="${DEVICE_PATH}">
<input type="hidden" name="form_token" value="${formToken}">
<div class="field">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" type="text" class="letters" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" inputmode="text" maxlength="64" value="${userCode}" required${problem === null ? html` autofocus aria-describedby="user_code-hint"` : html` aria-invalid="true" aria-describedby="user_code-problem user_code-hint"`}>
<p class="hint" id="user_code-hint">Eight letters, in the form <code>XXXX-XXXX</code>. Capitals and the hyphen do not matter.</p>
${problem === null ? "" : html`<p class="wrong" id="user_code-problem">${problem}</p>`}
</div>
<button type="submit">Continue</button>
</form>
${accountFoot(account, DEVICE_PATH)}`,
  }
}

function alertOf(message: string | null, field: "user_code" | "form"): Markup | "" {
  return formAlert(message === null ? null : { field, message })
}

function confirmPage({ account, userCode, formToken, problem }: CodePage): Page {
  return {
    title: "Compare the code",
    content: html`<h1>Does your terminal show this code?</h1>
<p class="lead">If it does not, or you did not start anything there, somebody else may have sent you this link: close this page.</p>
${alertOf(problem, "form")}
${compareBox([{ title: "Code", text: userCode, hint: null }])}
<form method="post" action="${DEVICE_PATH}">
<input type="hidden" name="form_token" value="${formToken}">
<input type="hidden" name="user_code" value="${userCode}">
<button type="submit">Continue</button>
</form>
<p class="foot"><a href="${DEVICE_PATH}">Type another code</a></p>
${accountFoot(account, `${DEVICE_PATH}?user_code=${encodeURIComponent(userCode)}`)}`,
  }
}

/**
 * Where the browser ends: what was decided, and what can be done next.
 * @param page.clientName the registered name
 * @param page.machine the caller's own claim, where it made one
 */
export function deviceDonePage(page: {
  decision: "approved" | "denied"
  clientName: string
  machine: string | undefined
}): Page {
  return page.decision === "approved" ? approvedPage(page) : deniedPage(page)
}

function approvedPage({ clientName, machine }: { clientName: string; machine: string | undefined }): Page {
  const where = isStated(machine) ? html` on <bdi>${machine}</bdi>` : ""
  return {
    title: "Approved",
    content: html`<p class="mark" aria-hidden="true">✓</p>
<h1>Approved</h1>
<p class="lead">You are signed in${where} with <bdi>${clientName}</bdi>. You can close this page and return to your terminal.</p>
<p class="foot">Not what you meant? End it under <a href="${SESSIONS_PATH}">Your sessions</a></p>`,
  }
}

function deniedPage({ clientName, machine }: { clientName: string; machine: string | undefined }): Page {
  const where = isStated(machine) ? html` on <bdi>${machine}</bdi>` : ""
  return {
    title: "Denied",
    content: html`<p class="mark denied" aria-hidden="true">✕</p>
<h1>Denied</h1>
<p class="lead">Nothing was signed in. <bdi>${clientName}</bdi>${where} is told that you said no. You can close this page.</p>
<p class="foot"><a href="${SESSIONS_PATH}">Your sessions</a> · <a href="${DEVICE_PATH}">Type another code</a></p>`,
  }
}
