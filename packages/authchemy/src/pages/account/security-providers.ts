import { html } from "hono/html"
import type { Markup } from "../page.ts"
import { SECURITY_CONFIRMATIONS } from "./security-form.ts"

type Provider = { id: string; name: string }

/**
 * The panel about "Continue with …".
 * @param configured those of this server, in the operator's order
 * @param linked those that the account is connected to
 */
export function providersPanel(configured: readonly Provider[], linked: readonly Provider[]): Markup | "" {
  if (configured.length === 0) return ""
  const isLinked = (id: string) => linked.some((provider) => provider.id === id)
  return html`<section class="panel" id="providers" aria-labelledby="providers-title">
<h2 id="providers-title">Connected providers</h2>
<p class="lead">Sign in to this account with an account that you have elsewhere.</p>
<ul class="rows" role="list">
${configured.map((provider) => providerRow(provider, isLinked(provider.id)))}
</ul>
</section>`
}

function providerRow({ id, name }: Provider, linked: boolean): Markup {
  const label = linked ? "Disconnect" : "Connect"
  return html`<li><div>
<h3><bdi>${name}</bdi></h3>
<p class="meta">${linked ? "Connected" : "Not connected"}</p>
</div>
<a class="button second small" href="${providerPath(linked ? "unlink" : "link", id)}" aria-label="${label} ${name}">${label}</a></li>`
}

/** Where a provider is connected or disconnected. */
export function providerPath(change: "link" | "unlink", id: string): string {
  return SECURITY_CONFIRMATIONS[change].replace(":id", encodeURIComponent(id))
}
