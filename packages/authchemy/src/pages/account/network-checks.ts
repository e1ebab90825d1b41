import type { ChainNetwork } from "@authchemy/protocol"
import { html } from "hono/html"
import type { FormProblem } from "../form-field.ts"
import type { Markup } from "../page.ts"

/** What a network's checkbox is called: this, and the network's id. */
export const NETWORK_FIELD = "network."

/** The field that problems with the choice as a whole are said beside. */
export const NETWORKS = "networks"

/**
 * A choice of any number of networks.
 * @param choice.known those that there are
 * @param choice.chosen the ids of those that are ticked
 * @param choice.note what else there is to say of it
 */
export function networkChecks(choice: {
  known: readonly ChainNetwork[]
  chosen: ReadonlySet<string>
  note?: string | Markup
  problem: FormProblem | null
}): Markup {
  const { known, chosen, note } = choice
  const problem = choice.problem?.field === NETWORKS ? choice.problem.message : null
  const described = [
    ...(problem === null ? [] : [`${NETWORKS}-problem`]),
    ...(note === undefined ? [] : [`${NETWORKS}-hint`]),
  ].join(" ")
  return html`<fieldset class="checks" id="${NETWORKS}" tabindex="-1"${described === "" ? "" : html` aria-describedby="${described}"`}>
<legend>Networks</legend>
${problem === null ? "" : html`<p class="wrong" id="${NETWORKS}-problem">${problem}</p>`}
<div class="columns">
${known.map(({ id, name }) => html`<label class="check"><input type="checkbox" name="${NETWORK_FIELD}${id}"${chosen.has(id) ? html` checked` : ""}>${name}</label>`)}
</div>
${note === undefined ? "" : html`<p class="hint" id="${NETWORKS}-hint">${note}</p>`}
</fieldset>`
}
