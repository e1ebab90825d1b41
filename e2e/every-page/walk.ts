import type { Page } from "playwright-core"
import { walkAccountPages } from "./account-pages.ts"
import { walkApprovals } from "./approving.ts"
import { walkAwayFromHome } from "./devices.ts"
import { walkIn } from "./entering.ts"
import type { PageName } from "./page-names.ts"
import { walkSecurity } from "./security.ts"
import type { PagesWorld } from "./world.ts"

/** Is called with each page while it stands as somebody sees it; may change how it is seen, and nothing else. */
export type Visit = (name: PageName, page: Page) => Promise<void>

/**
 * Goes through every page and state of the server on real processes with a real browser, in the order of `PAGES`. Can be done once with a world.
 */
export async function walkEveryPage(world: PagesWorld, visit: Visit): Promise<void> {
  await walkIn(world, visit)
  await walkApprovals(world, visit)
  await walkAwayFromHome(world, visit)
  await walkAccountPages(world, visit)
  await walkSecurity(world, visit)
}
