import { StoreUnavailableError } from "@authchemy/tokens"
import { Command, CommanderError } from "commander"
import packageJson from "../package.json" with { type: "json" }
import type { AddClientOptions } from "./commands/clients.ts"
import type { CommandIo } from "./commands/command.ts"
import { ConfigError, type ConfigProblem, parseConfig } from "./config.ts"
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
  accounts
    .command("disable")
    .description("refuse sign-in and end every session of an account")
    .argument("[email]", "the account's email")
    .option("--email <email>", "the account's email")
    .action(async (named: string | undefined, options: { email?: string }, command: Command) => {
      const emails = [named, options.email].filter((email) => email !== undefined)
      const [email] = emails
      if (email === undefined || emails.length > 1) {
        command.error("error: one email must be given: authchemy accounts disable <email>")
      }
      const { disableAccount } = await import("./commands/accounts.ts")
      await disableAccount({ email }, io)
    })
  addClientCommands(program, io)
  return program
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
