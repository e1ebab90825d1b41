import { html } from "hono/html"
import type { Markup, Page } from "../page.ts"

/**
 * On the way to a provider: the browser goes on by itself. There is a page in between, since Chromium holds every redirect
 * after a form to the `form-action` of the form's page, and a provider may lead on to any other site.
 * @param page.url of the provider
 */
export function leavingForProviderPage(page: { name: string; url: string }): Page {
  return {
    title: `Continue to ${page.name}`,
    content: html`<h1>On to <bdi>${page.name}</bdi></h1>
<p class="lead">You sign in there, and come back here.</p>
<a class="button second" href="${page.url}">Continue</a>`,
  }
}

/** @param page.again what tries it again, a form or a link */
export function providerUnavailablePage(page: {
  name: string
  again: Markup
  back: { url: string; text: string }
}): Page {
  return {
    title: `${page.name} cannot be reached`,
    content: html`<h1><bdi>${page.name}</bdi> cannot be reached</h1>
<p class="lead">It did not answer, or not as it should. Nothing has changed. Try again in a few minutes; if it goes on, tell whoever runs this server.</p>
<div class="buttons">
${page.again}
</div>
<p class="foot"><a href="${page.back.url}">${page.back.text}</a></p>`,
  }
}
