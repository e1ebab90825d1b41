import type { AdminRequest } from "../../admin/request.ts"
import type { CommandContext, Result } from "../../command.ts"
import { resolveSettings } from "../../config/settings.ts"
import { jsonText } from "../../output/printable.ts"

/** What `--dry-run` reports: the request that would be sent. Nothing is sent, and no credential is needed. */
export async function dryRun(request: AdminRequest, context: CommandContext): Promise<Result> {
  const settings = resolveSettings(await (await context.config()).json.read(), context)
  const url = settings.adminUrl + request.path
  const { method, body } = request
  return {
    data: { dryRun: true, method, url, ...(body === undefined ? {} : { body }) },
    text: () =>
      `Would send: ${method} ${url}\n${body === undefined ? "" : `${jsonText(body, 2)}\n`}Nothing was sent.\n`,
  }
}
