import { StoreUnavailableError } from "@authchemy/tokens"
import { AccountError, type AccountRecord } from "../accounts/accounts.ts"
import { type Config, parseConfig } from "../config.ts"
import { type AccountServices, openAccountServices, openTokens } from "../services.ts"

/** Where a command reads and writes. */
export type CommandIo = {
  env: Readonly<Record<string, string | undefined>>
  stdin: AsyncIterable<string | Uint8Array> & { isTTY?: boolean | undefined }
  stdout: (text: string) => void
}

/** A command cannot do what it was asked to; `exitCode` says which kind of failure. */
export class CommandError extends Error {
  readonly exitCode: 1 | 2
  constructor(exitCode: CommandError["exitCode"], message: string) {
    super(message)
    this.name = "CommandError"
    this.exitCode = exitCode
  }
}

/** `authchemy accounts create --email E [--name N] --password-stdin` */
export async function createAccount(options: { email: string; name?: string }, io: CommandIo): Promise<void> {
  if (io.stdin.isTTY)
    throw new CommandError(2, "--password-stdin: pipe the password in; a terminal would show what is typed")
  const password = await firstLine(io.stdin)
  if (password === "")
    throw new CommandError(2, "--password-stdin: the password must be the first line of standard input")
  await withAccounts(parseConfig(io.env), async ({ accounts }) => {
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
  await withAccounts(parseConfig(io.env), async ({ accounts }) => {
    for (const account of await accounts.list()) io.stdout(`${lineOf(account)}\n`)
  })
}

/**
 * `authchemy accounts disable <email>`: no new sign-in, and every session and access key of the account is refused from now on, whether
 * or not the token store can be reached.
 */
export async function disableAccount(options: { email: string }, io: CommandIo): Promise<void> {
  const config = parseConfig(io.env)
  await withAccounts(config, async ({ accounts }) => {
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
      return await tokens.revokeSessions(id)
    } finally {
      await tokens.close()
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    const undone = "the token store is out of reach, so its sessions are still kept there"
    throw new CommandError(1, `${email} is disabled and refused everywhere, but ${undone}; run this again.`)
  }
}

function lineOf({ id, email, name, createdAt, disabledAt }: AccountRecord): string {
  const state = disabledAt === null ? "active" : "disabled"
  return [id, state, createdAt.toISOString(), email, name].join("\t")
}

async function withAccounts(
  config: Config,
  work: (services: AccountServices) => Promise<void>,
): Promise<void> {
  const services = await openAccountServices(config)
  try {
    await work(services)
  } finally {
    await services.close()
  }
}

/** Longer than any password: a line that does not end is not read for ever. */
const MOST_READ = 4096

async function firstLine(stdin: CommandIo["stdin"]): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of stdin) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true })
    const end = text.indexOf("\n")
    if (end >= 0) return text.slice(0, end).replace(/\r$/, "")
    if (text.length > MOST_READ) return text
  }
  return text
}
