import { html } from "hono/html"
import { passwordField } from "../credential-fields.ts"
import type { FormProblem } from "../form-field.ts"
import type { Markup } from "../page.ts"

/** The forms of the Security page itself. Each posts to a path of its own. */
export const SECURITY_FORMS = {
  password: "/security/password",
  addPasskey: "/security/passkeys",
  secondFactor: "/security/second-factor",
  confirm: "/security/second-factor/confirm",
  recoveryCodes: "/security/second-factor/recovery-codes",
  removeSecondFactor: "/security/second-factor/remove",
} as const
export type SecurityForm = keyof typeof SECURITY_FORMS

/** What is asked about once more, on a page of its own. */
export const SECURITY_CONFIRMATIONS = {
  removePasskey: "/security/passkeys/remove",
  link: "/security/providers/:id/link",
  unlink: "/security/providers/:id/unlink",
} as const

/** What can be typed into the forms, besides the password that confirms a change. */
const FIELDS: Partial<Record<SecurityForm, readonly string[]>> = {
  password: ["current", "next"],
  addPasskey: ["name"],
  confirm: ["code"],
}

/** What is wrong with a form; `form`: `null` where it is not on the page. `typed`: the name that was typed. */
export type SecurityProblem = FormProblem & { form: SecurityForm | null; typed?: string }

/** What all forms of one Security page have in common. */
export type SecurityForms = {
  formToken: string
  /** Whether the account has a password, which then confirms a change. */
  hasPassword: boolean
  /** What was wrong with a form, with the id of the input that it is said beside. */
  problemOf(form: SecurityForm): SecurityProblem | null
}

/** The id of an input: the forms have fields of the same name. */
export function idOf(form: SecurityForm, name: string): string {
  return `${form}-${name}`
}

/** @returns the forms, and what is wrong as the page's summary says it: a field that is not on the page is not linked to */
export function securityForms(options: {
  formToken: string
  hasPassword: boolean
  problem: SecurityProblem | null
}): { forms: SecurityForms; summary: FormProblem | null } {
  const { formToken, hasPassword, problem } = options
  const located = problem === null ? null : locate(problem, hasPassword)
  const problemOf: SecurityForms["problemOf"] = (form) => (located?.form === form ? located : null)
  return { forms: { formToken, hasPassword, problemOf }, summary: located }
}

function locate(problem: SecurityProblem, hasPassword: boolean): SecurityProblem {
  const { form, field } = problem
  const isShown = form !== null && (FIELDS[form]?.includes(field) || (field === "password" && hasPassword))
  return isShown && form !== null ? { ...problem, id: idOf(form, field) } : { ...problem, field: "form" }
}

/** The password that confirms a change; nothing where the account has none. */
export function confirmingPassword(forms: SecurityForms, form: SecurityForm): Markup | "" {
  if (!forms.hasPassword) return ""
  return confirmingPasswordField(idOf(form, "password"), forms.problemOf(form))
}

/** The password that confirms a change. */
export function confirmingPasswordField(id: string, problem: FormProblem | null): Markup {
  return passwordField({ id, label: "Your password", problem })
}

/** A form that stays out of the way until somebody asks for it, or was refused. */
export function folded(options: { label: string; open: boolean; content: Markup }): Markup {
  const { label, open, content } = options
  return html`<details${open ? html` open` : ""}><summary>${label}</summary>
${content}
</details>`
}
