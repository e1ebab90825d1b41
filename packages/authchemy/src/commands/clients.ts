import { digestOf, StoreUnavailableError } from "@authchemy/tokens"
import { type Client, grantNameOf, isClientId, type RegistrationProblem } from "../clients/client.ts"
import { clientSecretProblem } from "../clients/client-secret.ts"
import { ClientError, type ClientOrigin, type NewClient } from "../clients/clients.ts"
import { parseConfig } from "../config.ts"
import { counted } from "../counts-in-words.ts"
import type { CommandServices } from "../services.ts"
import { CommandError, type CommandIo, firstLine, withAccountServices } from "./command.ts"

/** `authchemy clients add <id>`: the words of the command line, as they were given. */
export type AddClientOptions = {
  id: string
  name: string
  redirectUri?: string[]
  grant?: string[]
  confidential?: boolean
  dpop?: boolean
  resourceServer?: boolean
}

/** `authchemy clients add <id> --name <name> …`; a secret stands on a line of its own. */
export async function addClient(options: AddClientOptions, io: CommandIo): Promise<void> {
  const registration: NewClient = {
    id: options.id,
    name: options.name,
    redirectUris: options.redirectUri,
    grants: options.grant,
    requireDpop: options.dpop,
    resourceServer: options.resourceServer,
    confidential: options.confidential === true,
  }
  await withAccountServices(parseConfig(io.env), async ({ clients }) => {
    try {
      const { client, secret } = await clients.add(registration)
      io.stdout(`Added ${client.id} (${client.name}): ${describe(client)}\n`)
      if (secret === null) return
      io.stdout(
        `\n${secret}\n\nThis is its secret. It is not shown again; the server keeps its digest only.\n`,
      )
    } catch (error) {
      throw error instanceof ClientError ? commandErrorOf(error, options) : error
    }
  })
}

/** `authchemy clients list [--json]`: with tabs between, a hyphen where there is nothing. */
export async function listClients(options: { json?: boolean }, io: CommandIo): Promise<void> {
  await withAccountServices(parseConfig(io.env), async ({ clients }) => {
    const listed = await clients.list()
    if (options.json) io.stdout(`${JSON.stringify(listed.map(viewOf), null, 2)}\n`)
    else for (const one of listed) io.stdout(`${lineOf(one)}\n`)
  })
}

/**
 * `authchemy clients remove <id>`: servers ask for the client at each use, and so refuse its tokens at once. Its sessions end in the token store as well, for other APIs that
 * verify tokens there and know no clients. Of a client that is gone already, what sessions are left end: so this can be run again.
 */
export async function removeClient(id: string, io: CommandIo): Promise<void> {
  const config = parseConfig(io.env)
  await withAccountServices(config, async ({ clients, tokens }) => {
    const removed = await clients.remove(id).catch((error: unknown) => {
      throw error instanceof ClientError ? new CommandError(1, error.message) : error
    })
    if (removed && (await clients.find(id)) !== null) {
      io.stdout(`Removed ${id} from the database; the one of this id in AUTHCHEMY_CLIENTS_FILE stays\n`)
      return
    }
    const ended = isClientId(id) ? await endSessions(tokens, id, removed) : 0
    if (!removed && ended === 0) {
      throw new CommandError(1, `There is no client ${JSON.stringify(id)}. See: authchemy clients list`)
    }
    const done = removed ? `Removed ${id} from the database` : `There is no client ${id} any more`
    io.stdout(`${done}; ended ${counted(ended, "session")}\n`)
  })
}

/** First the servers forget the client, so that it gets no session any more; then those that it has end. */
async function endSessions(
  openTokens: CommandServices["tokens"],
  id: string,
  removed: boolean,
): Promise<number> {
  try {
    const tokens = await openTokens()
    await tokens.announce([`client:${id}`])
    return await tokens.revokeClient(id)
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    const done = removed
      ? `${id} is removed, and this server refuses it within 5 seconds`
      : `There is no client ${id}`
    const undone = "the token store is out of reach, so not all of its sessions could be ended there"
    const rest = "other APIs that verify tokens may go on accepting them"
    throw new CommandError(
      1,
      `${done}, but ${undone}; ${rest}. Run this again: authchemy clients remove ${id}`,
    )
  }
}

/** `authchemy clients digest`: what stands in the clients file as `secretDigest`, of the secret on standard input. */
export async function digestSecret(io: CommandIo): Promise<void> {
  if (io.stdin.isTTY) {
    throw new CommandError(
      2,
      "pipe the secret into `authchemy clients digest`; a terminal would show what is typed",
    )
  }
  const secret = await firstLine(io.stdin)
  const problem = clientSecretProblem(secret)
  if (problem !== null) throw new CommandError(2, `the secret on standard input ${problem}`)
  io.stdout(`${digestOf(secret)}\n`)
}

function commandErrorOf(error: ClientError, options: AddClientOptions): CommandError {
  if (error.code !== "invalid_client") return new CommandError(1, error.message)
  return new CommandError(2, error.problems.map((problem) => sentenceOf(problem, options)).join("\n"))
}

const FLAGS: Readonly<Record<string, string>> = {
  id: "<id>",
  name: "--name",
  redirectUris: "--redirect-uri",
  grants: "--grant",
  requireDpop: "--dpop",
  resourceServer: "--resource-server",
  secretDigest: "--confidential",
}

/** Names the flag, and of a flag that is given several times the value. */
function sentenceOf({ field, message }: RegistrationProblem, options: AddClientOptions): string {
  const [name = "", index] = field.split(".")
  const values = name === "redirectUris" ? options.redirectUri : options.grant
  const value = index === undefined ? "" : ` ${JSON.stringify(values?.[Number(index)])}`
  return `${FLAGS[name] ?? name}${value}: ${message}`
}

type Listed = { client: Client; origin: ClientOrigin }

function lineOf({ client, origin }: Listed): string {
  const { id, name, grants, redirectUris } = client
  const list = (entries: readonly string[]) => entries.join(",") || "-"
  const cells = [id, typeOf(client), origin, name, list(grants.map(grantNameOf)), list(traitsOf(client))]
  return [...cells, redirectUris.join(" ") || "-"].join("\t")
}

function viewOf({ client, origin }: Listed) {
  const { id, name, redirectUris, grants, requireDpop, resourceServer } = client
  return { id, type: typeOf(client), origin, name, redirectUris, grants, requireDpop, resourceServer }
}

function describe(client: Client): string {
  return [typeOf(client), ...client.grants.map(grantNameOf), ...traitsOf(client)].join(", ")
}

function typeOf({ secretDigest }: Client): "public" | "confidential" {
  return secretDigest === null ? "public" : "confidential"
}

function traitsOf({ requireDpop, resourceServer }: Client): string[] {
  return [...(requireDpop ? ["dpop"] : []), ...(resourceServer ? ["resource-server"] : [])]
}
