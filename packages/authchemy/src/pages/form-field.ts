import { html } from "hono/html"
import type { Markup } from "./layout.ts"

/** What is wrong with a posted form, and beside which field it is said. `form`: with none in particular. */
export type FormProblem = { field: "email" | "password" | "name" | "form"; message: string }

/** A labelled input with its hint and, where it was refused, the reason. */
export function formField(field: {
  name: "email" | "password" | "name"
  label: string
  type: "email" | "password" | "text"
  autocomplete: "username" | "email" | "current-password" | "new-password" | "name"
  value?: string
  hint?: string
  required: boolean
  maxLength: number
  focus: boolean
  problem: FormProblem | null
}): Markup {
  const wrong = field.problem?.field === field.name ? field.problem.message : null
  const describedBy = [
    ...(wrong === null ? [] : [`${field.name}-problem`]),
    ...(field.hint === undefined ? [] : [`${field.name}-hint`]),
  ].join(" ")
  const description = describedBy === "" ? "" : html` aria-describedby="${describedBy}"`
  const textEntry =
    field.type === "text" ? "" : html` autocapitalize="none" autocorrect="off" spellcheck="false"`
  return html`<div class="field">
<label for="${field.name}">${field.label}</label>
<input id="${field.name}" name="${field.name}" type="${field.type}" autocomplete="${field.autocomplete}" maxlength="${field.maxLength}" value="${field.value ?? ""}"${textEntry}${field.required ? html` required` : ""}${field.focus ? html` autofocus` : ""}${wrong === null ? "" : html` aria-invalid="true"`}${description}>
${field.hint === undefined ? "" : html`<p class="hint" id="${field.name}-hint">${field.hint}</p>`}
${wrong === null ? "" : html`<p class="wrong" id="${field.name}-problem">${wrong}</p>`}
</div>`
}

/** The summary above a form that was refused, read out at once by screen readers. */
export function formAlert(problem: FormProblem | null): Markup | "" {
  if (problem === null) return ""
  if (problem.field === "form") return html`<div class="alert" role="alert">${problem.message}</div>`
  return html`<div class="alert" role="alert"><a href="#${problem.field}">${problem.message}</a></div>`
}
