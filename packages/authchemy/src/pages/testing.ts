import { layout } from "./layout.ts"
import type { Page } from "./page.ts"
import { createSite } from "./site.ts"

/** A page as it is sent, in the frame of a site that nobody has configured. */
export async function htmlOfPage(page: Page): Promise<string> {
  const site = createSite({ name: "Authchemy", logo: null, accent: null }, { hasSecurityPage: true })
  return String(await layout(site, page))
}
