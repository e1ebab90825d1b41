import { html } from "hono/html"
import { type FormProblem, formField, textArea } from "../form-field.ts"
import type { Markup } from "../page.ts"

/** The longest texts of an app, as the admin API has them. */
export const LONGEST_APP_NAME = 100
export const LONGEST_APP_DESCRIPTION = 500

/** What an app is called. */
export type AppTexts = { name: string; description: string }

/** The fields of an app's name and description. */
export function appTextFields({ name, description }: AppTexts, problem: FormProblem | null): Markup {
  return html`${formField({ name: "name", label: "Name", value: name, required: true, maxLength: LONGEST_APP_NAME, problem })}
${textArea({ name: "description", label: "Description (optional)", value: description, rows: 2, maxLength: LONGEST_APP_DESCRIPTION, problem })}`
}
