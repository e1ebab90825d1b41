import { MAX_CLAIM_LENGTH } from "@authchemy/protocol"
import { LONGEST_EMAIL, LONGEST_PASSWORD, SHORTEST_PASSWORD } from "../accounts/fields.ts"
import { type Field, formField } from "./form-field.ts"
import type { Markup } from "./page.ts"

type Own = Pick<Field, "problem"> & Partial<Pick<Field, "name" | "id" | "label" | "hint" | "focus">>

/**
 * An account's email.
 * @param field.value as it was typed
 * @param field.signsIn whether it is the name that somebody signs in by, which password managers then fill in
 */
export function emailField({
  signsIn = false,
  ...field
}: Own & { value: string; signsIn?: boolean }): Markup {
  return formField({
    ...{ name: "email", label: "Email", type: "email", autocomplete: signsIn ? "username" : "email" },
    ...{ required: true, maxLength: LONGEST_EMAIL },
    ...field,
  })
}

/** What people are called on the pages; may be left empty. */
export function nameField(field: Own & { value: string }): Markup {
  return formField({
    name: "name",
    label: "Name",
    autocomplete: "name",
    maxLength: MAX_CLAIM_LENGTH,
    ...field,
  })
}

/** The password that an account has. What was typed is never shown again. */
export function passwordField(field: Own): Markup {
  return formField({
    ...{ name: "password", label: "Password", type: "password", autocomplete: "current-password" },
    ...{ required: true, maxLength: LONGEST_PASSWORD },
    ...field,
  })
}

/** A password that an account is to have, with what it must be and what makes a good one. */
export function newPasswordField(field: Own): Markup {
  return formField({
    ...{ name: "password", label: "New password", type: "password", autocomplete: "new-password" },
    ...{ required: true, maxLength: LONGEST_PASSWORD, hint: NEW_PASSWORD_HINT },
    ...field,
  })
}

const NEW_PASSWORD_HINT = `${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters. A few unrelated words make a good one.`
