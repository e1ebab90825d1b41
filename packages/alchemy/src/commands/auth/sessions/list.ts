import type { Session } from "@authchemy/protocol"
import { adminClientFromFlags } from "../../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../../command.ts"
import type { Style } from "../../../output/style.ts"
import { table } from "../../../output/table.ts"
import { ago, day } from "../../../output/time.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: listRun }

/** Every machine that is signed in to the account: this one first, then the one that was used last. */
export async function listRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const client = await adminClientFromFlags(context)
  const sessions = (await client.listSessions()).toSorted(
    (one, other) =>
      Number(other.current) - Number(one.current) || other.lastUsedAt.localeCompare(one.lastUsedAt),
  )
  return { data: { sessions }, text: (style) => listText(sessions, context.now(), style) }
}

function listText(sessions: readonly Session[], now: number, style: Style): string {
  if (sessions.length === 0) return "Nobody is signed in to this account.\n"
  const rows = sessions.map(({ id, device, createdAt, lastUsedAt, expiresAt, current }) => [
    id,
    current ? "*" : undefined,
    device.name,
    device.os,
    device.client,
    day(createdAt),
    ago(lastUsedAt, now),
    day(expiresAt),
  ])
  const headings = ["ID", "HERE", "MACHINE", "OS", "CLIENT", "CREATED", "LAST USED", "EXPIRES"]
  return `${table(headings, rows, style, { dispensable: ["CLIENT", "CREATED"] })}\n${style.dim("To end one: alchemy auth sessions revoke <id>")}\n`
}
