import { StoreUnavailableError } from "@authchemy/tokens"
import { RESET_LINK_MS } from "../accounts/account-mails.ts"
import { type AccountAdministration, AccountError, type AccountRecord } from "../accounts/accounts.ts"
import { parseConfig } from "../config.ts"
import { counted } from "../counts-in-words.ts"
import type { CommandServices } from "../services.ts"
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
      const { email, name = "" } = options
      const account = await accounts.administration.create({ email, password, name })
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
    for (const account of await accounts.administration.list()) io.stdout(`${lineOf(account)}\n`)
  })
}

/**
 * `authchemy accounts disable <email>`: no new sign-in, and every session and access key of the account is refused from now on, whether
 * or not the token store can be reached.
 */
export async function disableAccount(options: { email: string }, io: CommandIo): Promise<void> {
  await withAccountServices(parseConfig(io.env), async (services) => {
    const account = found(await services.accounts.administration.disable(options.email), options.email)
    const ended = await endSessions(services, account)
    io.stdout(`Disabled ${account.email}; ended ${counted(ended, "session")}\n`)
  })
}

/** `authchemy accounts enable <email>`: takes `disable` back. What it ended stays ended. */
export async function enableAccount(options: { email: string }, io: CommandIo): Promise<void> {
  await withAccountServices(parseConfig(io.env), async ({ accounts, tokens }) => {
    const { email } = options
    const before = await accounts.administration.findByEmail(email)
    const account = found(await accounts.administration.enable(email), email)
    if (before?.disabledAt === null) {
      io.stdout(`${account.email} is not disabled; nothing was changed\n`)
      return
    }
    await (await tokens()).announce([`account:${account.id}`])
    io.stdout(`Enabled ${account.email}; it has to sign in anew\n`)
  })
}

/**
 * `authchemy accounts reset <email> [--second-factor]`: ends every session of the account and prints a link under which its owner sets a new password, and what
 * else opens the account.
 * @param options.secondFactor takes away the second factor and the passkeys, too
 */
export async function resetAccount(
  options: { email: string; secondFactor?: boolean },
  io: CommandIo,
): Promise<void> {
  const { email, secondFactor = false } = options
  await withAccountServices(parseConfig(io.env), async ({ accounts }) => {
    const reset = found(await accounts.administration.reset(email, { secondFactor }), email)
    const removed = secondFactor ? "; removed the second factor and the passkeys" : ""
    io.stdout(
      `Reset ${reset.account.email}: signed out of every browser; ended ${counted(reset.endedSessions, "session")}${removed}\n`,
    )
    io.stdout(stillOpenTo(reset))
    io.stdout(`A new password is set here, once, within ${RESET_LINK_MS / 60_000} minutes:\n${reset.link}\n`)
    if (reset.account.disabledAt !== null)
      io.stdout("The account is disabled: until it is enabled, the link sets nothing\n")
  })
}

type Reset = NonNullable<Awaited<ReturnType<AccountAdministration["reset"]>>>

function found<T>(account: T | null, email: string): T {
  if (account === null) throw new CommandError(1, `There is no account with the email ${email}.`)
  return account
}

/** What a reset leaves, in a line; nothing where it leaves nothing. */
function stillOpenTo({ emailVerified, stillOpen }: Reset): string {
  const { passkeys, providers, accessKeys } = stillOpen
  const kinds = [
    ...(passkeys === 0 ? [] : [counted(passkeys, "passkey")]),
    ...(providers === 0 ? [] : [counted(providers, "link to a provider", "links to providers")]),
    ...(accessKeys === 0 ? [] : [counted(accessKeys, "access key")]),
  ]
  const stays = kinds.length === 0 ? "" : `Still open it: ${kinds.join(", ")}\n`
  if (emailVerified) return stays
  const goes = "its second factor, passkeys, links to providers, access keys and apps"
  return `${stays}Its email was never verified: setting the new password removes ${goes}\n`
}

async function endSessions(services: CommandServices, { id, email }: AccountRecord): Promise<number> {
  try {
    const tokens = await services.tokens()
    const ended = await tokens.revokeSessions(id)
    await tokens.announce([`account:${id}`])
    return ended
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
