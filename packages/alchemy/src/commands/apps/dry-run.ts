import type { AdminRequest } from "../../admin/request.ts"
import type { CommandContext, Result } from "../../command.ts"
import { resolveSettings } from "../../config/settings.ts"
import { jsonText } from "../../output/printable.ts"
import { wrapped } from "../../output/wrap.ts"

/**
 * What `--dry-run` reports: the request that would be sent. Nothing is sent, and no credential is needed.
 * @param more.hasRead what is there was read, because the request depends on it
 */
export async function dryRun(
  request: AdminRequest,
  context: CommandContext,
  more: { hasRead?: boolean } = {},
): Promise<Result> {
  const settings = resolveSettings(await (await context.config()).values(), context)
  const url = settings.adminUrl + request.path
  const { method, body } = request
  return {
    data: { dryRun: true, method, url, ...(body === undefined ? {} : { body }) },
    text: (style) =>
      `${wrapped(`Would send: ${method} ${url}`, style.width)}\n${body === undefined ? "" : `${jsonText(body, 2)}\n`}Nothing was ${more.hasRead ? "changed" : "sent"}.\n`,
    verbatim: true,
  }
}
