import { html } from "hono/html"
import type { Markup } from "./page.ts"

/**
 * What is wrong with a posted form, and beside which field it is said. `form`: with none in particular. `id`: of the field's element, where it is not
 * its name.
 */
export type FormProblem = { field: string; message: string; id?: string }

/** What can be typed into. `id`: of the element, which stands once in a page; `name` where left out. */
export type Field = {
  name: string
  id?: string
  label: string
  type?: "text" | "email" | "password" | "number" | "url"
  autocomplete?: string
  value?: string | undefined
  hint?: string | Markup
  required?: boolean
  maxLength?: number
  /** Takes the focus when the page opens; never where something is wrong, for then the summary takes it. */
  focus?: boolean
  inputMode?: "text" | "numeric" | "email"
  /** Further classes of the input. */
  kind?: "letters" | "digits"
  problem: FormProblem | null
}

/** A labelled input with its hint and, where it was refused, the reason. */
export function formField(field: Field): Markup {
  const { name, id = name, type = "text", problem } = field
  // Browsers correct no password.
  const plain = type === "password" || (type === "text" && field.kind === undefined)
  return html`<div class="field">
<label for="${id}">${field.label}</label>
<input id="${id}" name="${name}" type="${type}" autocomplete="${field.autocomplete ?? "off"}" value="${field.value ?? ""}"${attribute("maxlength", field.maxLength)}${attribute("inputmode", field.inputMode)}${attribute("class", field.kind)}${plain ? "" : html` autocapitalize="none" autocorrect="off" spellcheck="false"`}${field.required === true ? html` required` : ""}${field.focus === true && problem === null ? html` autofocus` : ""}${descriptionOf(field)}>
${notesOf(field)}
</div>`
}

/** A labelled text of several lines. */
export function textArea(field: Omit<Field, "type" | "kind" | "inputMode"> & { rows: number }): Markup {
  const { name, id = name, value = "" } = field
  // A line break right after the tag is dropped by browsers; the one here stands for it.
  return html`<div class="field">
<label for="${id}">${field.label}</label>
<textarea id="${id}" name="${name}" rows="${field.rows}" autocapitalize="none" autocorrect="off" spellcheck="false"${attribute("maxlength", field.maxLength)}${descriptionOf(field)}>
${value}</textarea>
${notesOf(field)}
</div>`
}

/** A labelled choice of one. */
export function selectField(
  field: Pick<Field, "name" | "id" | "label" | "value" | "hint" | "problem"> & {
    options: readonly { value: string; label: string }[]
  },
): Markup {
  const { name, id = name, value } = field
  return html`<div class="field">
<label for="${id}">${field.label}</label>
<select id="${id}" name="${name}"${descriptionOf(field)}>
${field.options.map((option) => html`<option value="${option.value}"${option.value === value ? html` selected` : ""}>${option.label}</option>`)}
</select>
${notesOf(field)}
</div>`
}

/** The summary above a form that was refused. It takes the focus when the page opens, and is read out at once by screen readers. */
export function formAlert(problem: FormProblem | null): Markup | "" {
  if (problem === null) return ""
  const message =
    problem.field === "form"
      ? problem.message
      : html`<a href="#${problem.id ?? problem.field}">${problem.message}</a>`
  return html`<div class="alert" role="alert" tabindex="-1" autofocus>${message}</div>`
}

/** What went well, above what it led to. It takes the focus when the page opens. */
export function notice(message: string | Markup | null): Markup | "" {
  return message === null
    ? ""
    : html`<div class="notice" role="status" tabindex="-1" autofocus>${message}</div>`
}

function attribute(name: string, value: string | number | undefined): Markup | "" {
  return value === undefined ? "" : html` ${name}="${value}"`
}

type Described = Pick<Field, "name" | "id" | "hint" | "problem">

function idOf({ name, id = name }: Described): string {
  return id
}

function problemOf({ name, problem }: Described): string | null {
  return problem?.field === name ? problem.message : null
}

function descriptionOf(field: Described): Markup {
  const wrong = problemOf(field) !== null
  const ids = [
    ...(wrong ? [`${idOf(field)}-problem`] : []),
    ...(field.hint === undefined ? [] : [`${idOf(field)}-hint`]),
  ]
  return html`${wrong ? html` aria-invalid="true"` : ""}${attribute("aria-describedby", ids.join(" ") || undefined)}`
}

function notesOf(field: Described): Markup {
  const problem = problemOf(field)
  return html`${field.hint === undefined ? "" : html`<p class="hint" id="${idOf(field)}-hint">${field.hint}</p>`}${problem === null ? "" : html`<p class="wrong" id="${idOf(field)}-problem">${problem}</p>`}`
}
