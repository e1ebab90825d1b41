import { tidyText } from "@authchemy/protocol"
import type { Session } from "@authchemy/tokens"
import { parseConfig } from "../config.ts"
import { counted } from "../counts-in-words.ts"
import type { CommandServices } from "../services.ts"
import { CommandError, type CommandIo, withAccountServices } from "./command.ts"

/** The longest cell, in UTF-16 code units. */
const LONGEST_CELL = 200

/** `authchemy sessions list --account <email or id> [--json]`: the newest first, with tabs between, a hyphen where nothing was stated. */
export async function listSessions(
  options: { account: string; json?: boolean },
  io: CommandIo,
): Promise<void> {
  await withAccountServices(parseConfig(io.env), async (services) => {
    const { id } = await accountOf(services, options.account)
    const sessions = await (await services.tokens()).listSessions(id)
    if (options.json) io.stdout(`${JSON.stringify(sessions.map(viewOf), null, 2)}\n`)
    else for (const session of sessions) io.stdout(`${lineOf(session)}\n`)
  })
}

/** `authchemy sessions revoke --account <email or id> (<id> | --all)`: refused everywhere when this returns. */
export async function revokeSessions(
  options: { account: string; id?: string | undefined; all?: boolean },
  io: CommandIo,
): Promise<void> {
  const { id, all = false } = options
  if ((id === undefined) !== all) {
    throw new CommandError(
      2,
      "name one session, or say --all: authchemy sessions revoke --account <email> <id>",
    )
  }
  await withAccountServices(parseConfig(io.env), async (services) => {
    const account = await accountOf(services, options.account)
    const tokens = await services.tokens()
    if (id === undefined) {
      const ended = await tokens.revokeSessions(account.id)
      io.stdout(`Ended ${counted(ended, "session")} of ${account.name}\n`)
      return
    }
    if (!(await tokens.revokeSession(account.id, id))) {
      const next = `See: authchemy sessions list --account ${account.name}`
      throw new CommandError(
        1,
        `${account.name} has no session ${tidyText(JSON.stringify(id), LONGEST_CELL)}. ${next}`,
      )
    }
    io.stdout(`Ended the session ${id} of ${account.name}\n`)
  })
}

/** An account of this server's by its email; any other, a host application's for one, by its id, which is believed. */
async function accountOf(
  { accounts }: CommandServices,
  account: string,
): Promise<{ id: string; name: string }> {
  const found = await accounts.administration.findByEmail(account)
  if (found !== null) return { id: found.id, name: found.email }
  const name = tidyText(account, LONGEST_CELL)
  if (!account.includes("@")) return { id: account, name }
  throw new CommandError(1, `There is no account with the email ${name}. See: authchemy accounts list`)
}

function lineOf(session: Session): string {
  const { id, device, clientId, createdAt, lastUsedAt, expiresAt } = session
  const moments = [createdAt, lastUsedAt, expiresAt].map((time) => new Date(time).toISOString())
  const cells = [id, ...moments, clientId, device.name ?? "-", device.os ?? "-", device.client ?? "-"]
  return cells.map((cell) => tidyText(cell, LONGEST_CELL)).join("\t")
}

function viewOf(session: Session) {
  const { id, device, clientId, scopes, createdAt, lastUsedAt, expiresAt } = session
  const [created, used, ends] = [createdAt, lastUsedAt, expiresAt].map((time) => new Date(time).toISOString())
  return { id, clientId, device, scopes, createdAt: created, lastUsedAt: used, expiresAt: ends }
}
