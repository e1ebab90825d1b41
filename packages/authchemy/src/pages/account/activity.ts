import { html } from "hono/html"
import type { RecordedEvent } from "../../audit/events.ts"
import { sentenceOf } from "../../audit/sentences.ts"
import { type Markup, type Page, SECTIONS } from "../page.ts"
import { placeOf } from "../place.ts"
import { utc } from "../time.ts"
import { agentName } from "./agent-name.ts"

/**
 * What happened to the account, the newest first.
 * @param page.older the cursor of the next page; `null`: there is none
 * @param page.isNewest whether it is the first page
 */
export function activityPage(page: {
  account: { email: string; name: string }
  events: readonly RecordedEvent[]
  older: string | null
  isNewest: boolean
}): Page {
  const { account, events, older, isNewest } = page
  const { path } = SECTIONS.activity
  return {
    title: "Activity",
    signedIn: { account, section: "activity" },
    content: html`<h1>Activity</h1>
<p class="lead">What happened in your account, the newest first. If something here was not you, end its session and change your password.</p>
<section class="panel">
<h2>${isNewest ? "Newest" : "Older"} events</h2>
${events.length === 0 ? html`<p class="empty">Nothing ${isNewest ? "yet" : "older"}.</p>` : html`<ul class="events" role="list">${events.map(eventItem)}</ul>`}
</section>
${
  older === null && isNewest
    ? ""
    : html`<nav class="buttons" aria-label="Pages">
${isNewest ? "" : html`<a class="button second" href="${path}">Newest</a>`}
${older === null ? "" : html`<a class="button second" href="${path}?cursor=${encodeURIComponent(older)}">Older</a>`}
</nav>`
}`,
  }
}

function eventItem(event: RecordedEvent): Markup {
  return html`<li>
<p><bdi>${sentenceOf(event)}</bdi></p>
<p class="meta">${utc(event.at)}${originOf(event)}</p>
</li>`
}

/** From where, and by what: a program's name for itself is shown as it is. */
function originOf({ origin }: RecordedEvent): Markup {
  const { actor, address, agent } = origin
  if (actor === "operator") return html` · by whoever runs this server`
  if (actor === "server") return html` · by this server`
  const by = actor === "browser" ? agentName(agent) : agent
  return html` · from ${placeOf(address)}${by === null ? "" : html` · <bdi>${by}</bdi>`}`
}
