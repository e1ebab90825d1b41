import { StoreUnavailableError } from "@authchemy/tokens"
import { Command, CommanderError } from "commander"
import packageJson from "../package.json" with { type: "json" }
import type { AuditOptions } from "./commands/audit.ts"
import type { AddClientOptions } from "./commands/clients.ts"
import type { CommandIo } from "./commands/command.ts"
import { parseConfig } from "./config.ts"
import { ConfigError, type ConfigProblem } from "./config-error.ts"
import { withoutSecrets } from "./logging.ts"

/** Standard streams and environment, as `authchemy` uses them. */
export type CliIo = CommandIo & { stderr: (text: string) => void }

/**
 * Runs `authchemy`.
 * @param args the words after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong arguments or configuration
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  try {
    // Without a command it serves; the options of `serve` are told from the program's own by their name.
    const command = args.length === 0 || args[0]?.startsWith("--workers") ? ["serve", ...args] : args
    await programOf(io).parseAsync(command, { from: "user" })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const problems = problemsOf(error)
    if (problems !== null) {
      for (const { variable, message } of problems) io.stderr(`${variable}: ${message}\n`)
      return 2
    }
    io.stderr(`authchemy: ${withoutSecrets(sentenceOf(error))}\n`)
    return error instanceof Error && "exitCode" in error && error.exitCode === 2 ? 2 : 1
  }
}

/** @param workers as the flag has it; wins over `AUTHCHEMY_WORKERS` */
async function serveUntilStopped(io: CliIo, workers: string | undefined): Promise<void> {
  const env = workers === undefined ? io.env : { ...io.env, AUTHCHEMY_WORKERS: workers }
  const config = parseConfig(env)
  const { serve } = await import("./serve.ts")
  await serve(config)
}

function programOf(io: CliIo): Command {
  const program = new Command("authchemy")
    .description("The Authchemy server. Without a command it serves; AUTHCHEMY_* variables configure it.")
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })

  program
    .command("serve")
    .description("serve; the same as no command at all")
    .option("--workers <number>", "how many processes serve at the port, or auto: one a core")
    .action((options: { workers?: string }) => serveUntilStopped(io, options.workers))

  addAccountCommands(program, io)
  addClientCommands(program, io)
  addAuditCommand(program, io)
  addSessionCommands(program, io)
  program
    .command("doctor")
    .description(
      "look at the configuration, the stores, mail, TLS and the clock, and say what to do; changes nothing",
    )
    .option("--json", "as JSON")
    .action(async (options: { json?: boolean }) => {
      const { runDoctor } = await import("./commands/doctor.ts")
      await runDoctor(options, io)
    })
  program
    .command("migrate")
    .description("bring the database up to date; on SQLite that happens by itself")
    .option("--check", "apply nothing; list what is pending and exit 1 where something is")
    .action(async (options: { check?: boolean }) => {
      const { migrateDatabase } = await import("./commands/migrate.ts")
      await migrateDatabase(options, io)
    })
  return program
}

function addAccountCommands(program: Command, io: CliIo): void {
  const accounts = program.command("accounts").description("people's accounts")
  accounts
    .command("create")
    .description("create an account; the password is the first line of standard input")
    .requiredOption("--email <email>", "the account's email")
    .option("--name <name>", "the person's name")
    .requiredOption("--password-stdin", "read the password from standard input")
    .action(async (options: { email: string; name?: string }) => {
      const { createAccount } = await import("./commands/accounts.ts")
      await createAccount(options, io)
    })
  accounts
    .command("list")
    .description("id, state, creation, email and name, with tabs between")
    .action(async () => {
      const { listAccounts } = await import("./commands/accounts.ts")
      await listAccounts(io)
    })
  const withEmail = (name: string, description: string) =>
    accounts
      .command(name)
      .description(description)
      .argument("[email]", "the account's email")
      .option("--email <email>", "the account's email")
  withEmail("disable", "refuse sign-in and end every session of an account").action(
    async (named: string | undefined, options: { email?: string }, command: Command) => {
      const { disableAccount } = await import("./commands/accounts.ts")
      await disableAccount({ email: emailOf(named, options, command) }, io)
    },
  )
  withEmail("enable", "take disable back; what it ended stays ended").action(
    async (named: string | undefined, options: { email?: string }, command: Command) => {
      const { enableAccount } = await import("./commands/accounts.ts")
      await enableAccount({ email: emailOf(named, options, command) }, io)
    },
  )
  withEmail("reset", "end every session of an account, and print a link that sets a new password")
    .option("--second-factor", "take away its second factor and its passkeys, too")
    .action(
      async (
        named: string | undefined,
        options: { email?: string; secondFactor?: boolean },
        command: Command,
      ) => {
        const { resetAccount } = await import("./commands/accounts.ts")
        await resetAccount({ ...options, email: emailOf(named, options, command) }, io)
      },
    )
}

/** The one email that is given, either way. */
function emailOf(named: string | undefined, options: { email?: string }, command: Command): string {
  const emails = [named, options.email].filter((email) => email !== undefined)
  const [email] = emails
  if (email !== undefined && emails.length === 1) return email
  return command.error(`error: one email must be given: authchemy accounts ${command.name()} <email>`)
}

function addClientCommands(program: Command, io: CliIo): void {
  const clients = program.command("clients").description("registered OAuth clients")
  const collect = (value: string, values: readonly string[] = []) => [...values, value]
  clients
    .command("add")
    .description("register a client in the database; the secret of a confidential one is shown once")
    .argument("<id>", "the client id")
    .requiredOption("--name <name>", "the name that people are shown")
    .option("--redirect-uri <uri>", "where the browser is sent back to; can be given again", collect)
    .option(
      "--grant <grant>",
      "authorization_code, refresh_token or device_code; can be given again",
      collect,
    )
    .option("--confidential", "the client has a secret")
    .option("--dpop", "tokens are given to DPoP proofs only")
    .option("--resource-server", "the client may ask about tokens (introspection)")
    .action(async (id: string, options: Omit<AddClientOptions, "id">) => {
      const { addClient } = await import("./commands/clients.ts")
      await addClient({ ...options, id }, io)
    })
  clients
    .command("list")
    .description("id, type, origin, name, grants, traits and redirect URIs, with tabs between")
    .option("--json", "as JSON")
    .action(async (options: { json?: boolean }) => {
      const { listClients } = await import("./commands/clients.ts")
      await listClients(options, io)
    })
  clients
    .command("remove")
    .description("take a client out of the database; its tokens are refused from then on")
    .argument("<id>", "the client id")
    .action(async (id: string) => {
      const { removeClient } = await import("./commands/clients.ts")
      await removeClient(id, io)
    })
  clients
    .command("digest")
    .description("print the digest of the secret on standard input, for the clients file")
    .action(async () => {
      const { digestSecret } = await import("./commands/clients.ts")
      await digestSecret(io)
    })
}

function addSessionCommands(program: Command, io: CliIo): void {
  const sessions = program.command("sessions").description("command-line sessions of an account")
  sessions
    .command("list")
    .description("id, creation, last use, end, client, machine, system and program, with tabs between")
    .requiredOption("--account <email>", "the account's email; of a host application's account, its id")
    .option("--json", "as JSON")
    .action(async (options: { account: string; json?: boolean }) => {
      const { listSessions } = await import("./commands/sessions.ts")
      await listSessions(options, io)
    })
  sessions
    .command("revoke")
    .description("end one session of an account, or all; refused everywhere when this returns")
    .argument("[id]", "the session's id")
    .requiredOption("--account <email>", "the account's email; of a host application's account, its id")
    .option("--all", "all of them")
    .action(async (id: string | undefined, options: { account: string; all?: boolean }) => {
      const { revokeSessions } = await import("./commands/sessions.ts")
      await revokeSessions({ ...options, id }, io)
    })
}

function addAuditCommand(program: Command, io: CliIo): void {
  const collect = (value: string, values: readonly string[] = []) => [...values, value]
  program
    .command("audit")
    .description("what happened, the oldest first: time, type, account, program, address, details, sentence")
    .option("--account <email>", "of one account; of one that is gone, its id")
    .option("--type <type>", "of one type, such as token.issued; can be given again", collect)
    .option("--since <when>", "from then on: 7d, 24h, 30m, 2026-11-23 or 2026-11-23T22:05:00Z")
    .option("--limit <number>", "how many, the newest that match; 100 unless it is given")
    .option("--json", "one JSON object a line")
    .action(async (options: AuditOptions) => {
      const { showAudit } = await import("./commands/audit.ts")
      await showAudit(options, io)
    })
}

/** The variables that are to blame, or `null`. Whether a host can be listened on is found out by listening. */
function problemsOf(error: unknown): readonly ConfigProblem[] | null {
  if (error instanceof ConfigError) return error.problems
  if (codeOf(error) !== "listen_failed") return null
  const cause = error instanceof Error ? codeOf(error.cause) : null
  if (cause !== "ENOTFOUND" && cause !== "EADDRNOTAVAIL") return null
  return [{ variable: "AUTHCHEMY_HOST", message: `must be an address of this machine (${cause})` }]
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : null
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return "something went wrong"
  if (error instanceof StoreUnavailableError && error.cause instanceof Error) {
    return `${error.message}: ${error.cause.message || error.cause.name}`
  }
  return error.message
}
