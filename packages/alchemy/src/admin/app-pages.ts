import type { App } from "@authchemy/protocol"
import { CLIError } from "../errors.ts"
import type { AdminClient } from "./admin-client.ts"

/** Where `all` stops, whatever the server goes on answering. */
const MAX_PAGES = 1000

/**
 * One page of the account's apps, or every one from `cursor` on. `update` is told how many there are so far.
 * @throws CLIError as the client does, and `ADMIN_API_ERROR` where the list does not end
 */
export async function fetchApps(
  client: Pick<AdminClient, "listApps">,
  wanted: { limit?: number | undefined; cursor?: string | undefined; all: boolean },
  update: (done: number) => void,
): Promise<{ apps: App[]; cursor: string | undefined }> {
  const apps: App[] = []
  let { cursor } = wanted
  for (let pages = 1; ; pages++) {
    const page = await client.listApps({ limit: wanted.limit ?? (wanted.all ? 100 : undefined), cursor })
    apps.push(...page.apps)
    update(apps.length)
    const repeats = page.cursor !== undefined && page.cursor === cursor
    cursor = page.cursor
    if (!wanted.all || cursor === undefined) return { apps, cursor }
    if (repeats || pages === MAX_PAGES) {
      throw new CLIError("ADMIN_API_ERROR", "The server's list of apps does not end.")
    }
  }
}
