import { StoreUnavailableError } from "@authchemy/tokens"
import { AccountError, type AccountRecord } from "../accounts/accounts.ts"
import { type Config, parseConfig } from "../config.ts"
import { openTokens } from "../services.ts"
import { CommandError, type CommandIo, firstLine, withAccountServices } from "./command.ts"

/** `authchemy accounts create --email E [--name N] --password-stdin` */
export async function createAccount(options: { email: string; name?: string }, io: CommandIo): Promise<void> {
  if (io.stdin.isTTY)
    throw new CommandError(2, "--password-stdin: pipe the password in; a terminal would show what is typed")
  const password = await firstLine(io.stdin)
  if (password === "")
    throw new CommandError(2, "--password-stdin: the password must be the first line of standard input")
  await withAccountServices(parseConfig(io.env), async ({ accounts }) => {
    try {
      const account = await accounts.create({ email: options.email, password, name: options.name ?? "" })
      io.stdout(`Created ${account.email} (${account.name}), id ${account.id}\n`)
    } catch (error) {
      if (error instanceof AccountError)
        throw new CommandError(error.code === "email_taken" ? 1 : 2, error.message)
      throw error
    }
  })
}

/** `authchemy accounts list` */
export async function listAccounts(io: CommandIo): Promise<void> {
  await withAccountServices(parseConfig(io.env), async ({ accounts }) => {
    for (const account of await accounts.list()) io.stdout(`${lineOf(account)}\n`)
  })
}

/**
 * `authchemy accounts disable <email>`: no new sign-in, and every session and access key of the account is refused from now on, whether
 * or not the token store can be reached.
 */
export async function disableAccount(options: { email: string }, io: CommandIo): Promise<void> {
  const config = parseConfig(io.env)
  await withAccountServices(config, async ({ accounts }) => {
    const account = await accounts.disable(options.email)
    if (account === null) throw new CommandError(1, `There is no account with the email ${options.email}.`)
    const ended = await endSessions(config, account)
    io.stdout(`Disabled ${account.email}; ended ${ended} ${ended === 1 ? "session" : "sessions"}\n`)
  })
}

async function endSessions(config: Config, { id, email }: AccountRecord): Promise<number> {
  try {
    const tokens = await openTokens(config, () => {})
    try {
      const ended = await tokens.revokeSessions(id)
      await tokens.announce([`account:${id}`])
      return ended
    } finally {
      await tokens.close()
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    const undone = "the token store is out of reach, so its sessions are still kept there"
    throw new CommandError(
      1,
      `${email} is disabled and refused everywhere within 5 seconds, but ${undone}; run this again.`,
    )
  }
}

function lineOf({ id, email, name, createdAt, disabledAt }: AccountRecord): string {
  const state = disabledAt === null ? "active" : "disabled"
  return [id, state, createdAt.toISOString(), email, name].join("\t")
}
