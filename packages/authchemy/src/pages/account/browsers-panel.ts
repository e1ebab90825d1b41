import { html } from "hono/html"
import type { SignedInBrowser } from "../../accounts/built-in.ts"
import type { Markup } from "../page.ts"
import { placeOf } from "../place.ts"
import { ago, utc } from "../time.ts"
import { agentName } from "./agent-name.ts"
import { tokenField } from "./token-field.ts"

/** What the form says in place of an id to end all browsers but the one that it is posted from. */
export const OTHER_BROWSERS = "others"

/** The browsers that are signed in, the one that asks first: it has no button, for it signs out above. @param panel.action where the forms are posted */
export function browsersPanel(panel: {
  browsers: readonly SignedInBrowser[]
  action: string
  formToken: string
  now: number
}): Markup {
  const own = panel.browsers.filter(({ current }) => current)
  const others = panel.browsers.filter(({ current }) => !current)
  return html`<section class="panel">
<h2>Browsers</h2>
${others.length === 0 ? html`<p class="lead">No other browser is signed in to this account.</p>` : ""}
<form method="post" action="${panel.action}">
${tokenField(panel.formToken)}
<ul class="rows" role="list">
${[...own, ...others].map((browser, index) => browserRow(browser, index, panel.now))}
</ul>
${others.length > 1 ? html`<button type="submit" name="browser" value="${OTHER_BROWSERS}" class="danger">End all others</button>` : ""}
</form>
</section>`
}

function browserRow(browser: SignedInBrowser, index: number, now: number): Markup {
  const name = agentName(browser.agent)
  const since = `browser-${index}-since`
  return html`<li>
<div>
<h3>${name}${browser.current ? html` <span class="tag">this browser</span>` : ""}</h3>
<p class="meta">From ${placeOf(browser.address)}</p>
<p class="meta">Signed in <span id="${since}">${utc(browser.createdAt)}</span></p>
<p class="meta">Last used ${ago(browser.lastUsedAt, now)}</p>
</div>
${browser.current ? "" : html`<button type="submit" name="browser" value="${browser.id}" class="second small" aria-label="End ${name}" aria-describedby="${since}">End</button>`}
</li>`
}
