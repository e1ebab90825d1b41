import { type AccessKey, DEFAULT_SCOPES } from "@authchemy/protocol"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import type { Style } from "../../output/style.ts"
import { table } from "../../output/table.ts"
import { ago, day } from "../../output/time.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: listRun }

/** The account's access keys, without their secrets. */
export async function listRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const accessKeys = await (await adminClientFromFlags(context)).listAccessKeys()
  return { data: { accessKeys }, text: (style) => listText(accessKeys, context.now(), style) }
}

function listText(keys: readonly AccessKey[], now: number, style: Style): string {
  if (keys.length === 0) {
    return "There are no access keys yet.\n  Next: alchemy access-keys create --name <name>\n"
  }
  const rows = keys.map(({ id, name, scopes, createdAt, lastUsedAt, expiresAt }) => [
    id,
    name,
    scopesText(scopes),
    day(createdAt),
    lastUsedAt === undefined ? "never" : ago(lastUsedAt, now),
    expiresAt === undefined ? "never" : day(expiresAt),
  ])
  return table(["ID", "NAME", "SCOPES", "CREATED", "LAST USED", "EXPIRES"], rows, style)
}

/** What a key may be used for, in few words. */
export function scopesText(scopes: readonly string[] | undefined): string {
  if (scopes === undefined || DEFAULT_SCOPES.every((scope) => scopes.includes(scope))) return "all"
  return scopes.join(", ")
}
