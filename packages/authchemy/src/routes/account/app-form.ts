import type { AppTexts } from "../../pages/account/app-fields.ts"
import { LONGEST_APP_DESCRIPTION, LONGEST_APP_NAME } from "../../pages/account/app-fields.ts"
import { NETWORK_FIELD, NETWORKS } from "../../pages/account/network-checks.ts"
import type { FormProblem } from "../../pages/form-field.ts"
import { lineIn, linesIn } from "./form-text.ts"

/** Reads the fields of an app's name and description, and says what is wrong with them. */
export function readAppTexts(form: ReadonlyMap<string, string>): {
  texts: AppTexts
  problem: FormProblem | null
} {
  const texts = { name: lineIn(form, "name"), description: linesIn(form, "description") }
  return { texts, problem: textsProblem(texts) }
}

function textsProblem({ name, description }: AppTexts): FormProblem | null {
  if (name === "") return { field: "name", message: "Give the app a name." }
  if (name.length > LONGEST_APP_NAME) {
    const message = `A name has at most ${LONGEST_APP_NAME} characters; this one has ${name.length}.`
    return { field: "name", message }
  }
  if (description.length <= LONGEST_APP_DESCRIPTION) return null
  const message = `A description has at most ${LONGEST_APP_DESCRIPTION} characters; this one has ${description.length}.`
  return { field: "description", message }
}

/**
 * Reads which networks are ticked.
 * @param known the ids of those that there are; no other is taken
 */
export function readNetworks(
  form: ReadonlyMap<string, string>,
  known: Iterable<string>,
): { networks: ReadonlySet<string>; problem: FormProblem | null } {
  const networks = new Set(Array.from(known).filter((id) => form.has(`${NETWORK_FIELD}${id}`)))
  const message = "Choose at least one network."
  return { networks, problem: networks.size === 0 ? { field: NETWORKS, message } : null }
}
