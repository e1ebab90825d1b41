import { randomBytes as systemRandomBytes } from "node:crypto"
import { GRANT_TYPES } from "@authchemy/protocol"
import { digestOf } from "@authchemy/tokens"
import type { Selectable } from "kysely"
import * as v from "valibot"
import type { Database } from "../database/database.ts"
import type { Schema } from "../database/schema.ts"
import {
  ALCHEMY_CLI,
  type Client,
  type ClientRegistration,
  isClientId,
  type RegistrationProblem,
  readRegistration,
} from "./client.ts"
import { mintClientSecret } from "./client-secret.ts"

/** Where a client is registered. */
export type ClientOrigin = "built-in" | "file" | "database"

/** A client to be made. A confidential one gets a secret. */
export type NewClient = Omit<ClientRegistration, "secret" | "secretDigest"> & { confidential: boolean }

/** An operation on clients was refused; `code` is stable. */
export class ClientError extends Error {
  readonly code: "invalid_client" | "client_exists" | "client_fixed"
  /** What is wrong with a registration (`invalid_client`). */
  readonly problems: readonly RegistrationProblem[]
  constructor(code: ClientError["code"], message: string, problems: readonly RegistrationProblem[] = []) {
    super(message)
    this.name = "ClientError"
    this.code = code
    this.problems = problems
  }
}

/** The registered clients: built in, from the clients file, from the database. Of one id, the first in this order counts. */
export type Clients = {
  /** Built-in clients and those of the file are answered without the database. @throws StoreUnavailableError */
  find(id: string): Promise<Client | null>
  /**
   * The client that a session was made for; `null` where it has been removed since, be it registered anew or not: the sessions of a client end
   * with it.
   * @param session.createdAt milliseconds since the epoch
   * @throws StoreUnavailableError
   */
  findOfSession(session: { clientId: string; createdAt: number }): Promise<Client | null>
  /** In the order in which they count. @throws StoreUnavailableError */
  list(): Promise<readonly { client: Client; origin: ClientOrigin }[]>
  /**
   * Keeps a client in the database, where every server that shares it finds it at once. The secret is nowhere but in the answer.
   * @returns `secret` is `null` for a public client
   * @throws ClientError `invalid_client`, or `client_exists` wherever the id is taken
   * @throws StoreUnavailableError
   */
  add(registration: NewClient): Promise<{ client: Client; secret: string | null }>
  /**
   * Takes a client out of the database.
   * @returns `false` where there is no such client
   * @throws ClientError `client_fixed` where the id is built in, or stands in the file only
   * @throws StoreUnavailableError
   */
  remove(id: string): Promise<boolean>
}

/**
 * @param fromFile the clients of the clients file
 * @param now milliseconds since the epoch
 * @param randomBytes a cryptographically secure source
 */
export function createClients(options: {
  database: Database
  fromFile: readonly Client[]
  now: () => number
  randomBytes?: (size: number) => Uint8Array
}): Clients {
  const { database, fromFile, now, randomBytes = systemRandomBytes } = options
  const fixed = new Map<string, Client>()
  for (const client of [ALCHEMY_CLI, ...fromFile]) fixed.set(client.id, client)

  const kept = async (id: string) => {
    if (!isClientId(id)) return undefined
    return database.selectFrom("client").selectAll().where("id", "=", id).executeTakeFirst()
  }

  return {
    find: async (id) => {
      const row = fixed.has(id) ? undefined : await kept(id)
      return row === undefined ? (fixed.get(id) ?? null) : clientFrom(row)
    },

    findOfSession: async ({ clientId, createdAt }) => {
      const row = fixed.has(clientId) ? undefined : await kept(clientId)
      if (row === undefined) return fixed.get(clientId) ?? null
      return Date.parse(row.created_at) <= createdAt ? clientFrom(row) : null
    },

    list: async () => {
      const rows = await database
        .selectFrom("client")
        .selectAll()
        .orderBy("created_at")
        .orderBy("id")
        .execute()
      return [
        { client: ALCHEMY_CLI, origin: "built-in" as const },
        ...fromFile.map((client) => ({ client, origin: "file" as const })),
        ...rows.map((row) => ({ client: clientFrom(row), origin: "database" as const })),
      ]
    },

    add: async ({ confidential, ...registration }) => {
      const secret = confidential ? mintClientSecret(randomBytes) : null
      const digest = secret === null ? {} : { secretDigest: digestOf(secret) }
      const { client, problems } = readRegistration({ ...registration, ...digest })
      if (problems !== undefined) throw invalid(problems)
      if (fixed.has(client.id)) throw taken(client.id)
      const { numInsertedOrUpdatedRows } = await database
        .insertInto("client")
        .values({ ...rowOf(client), created_at: new Date(now()).toISOString() })
        .onConflict((conflict) => conflict.column("id").doNothing())
        .executeTakeFirst()
      if (numInsertedOrUpdatedRows === 0n) throw taken(client.id)
      return { client, secret }
    },

    remove: async (id) => {
      if (id === ALCHEMY_CLI.id) {
        throw new ClientError("client_fixed", `The client ${id} is built in and cannot be removed.`)
      }
      if (!isClientId(id)) return false
      const { numDeletedRows } = await database.deleteFrom("client").where("id", "=", id).executeTakeFirst()
      if (numDeletedRows > 0n) return true
      if (!fixed.has(id)) return false
      const next = "take it out there and start the server again"
      throw new ClientError("client_fixed", `The client ${id} stands in AUTHCHEMY_CLIENTS_FILE; ${next}.`)
    },
  }
}

function invalid(problems: readonly RegistrationProblem[]): ClientError {
  const sentences = problems.map(({ field, message }) => `${field}: ${message}`)
  return new ClientError("invalid_client", sentences.join("\n"), problems)
}

function taken(id: string): ClientError {
  return new ClientError("client_exists", `There is a client ${id} already. See: authchemy clients list`)
}

type Row = Omit<Selectable<Schema["client"]>, "created_at">

function rowOf(client: Client): Row {
  return {
    id: client.id,
    name: client.name,
    secret_digest: client.secretDigest,
    redirect_uris: JSON.stringify(client.redirectUris),
    grants: JSON.stringify(client.grants),
    require_dpop: client.requireDpop ? 1 : 0,
    resource_server: client.resourceServer ? 1 : 0,
  }
}

const RedirectUris = v.pipe(v.string(), v.parseJson(), v.array(v.string()))
const Grants = v.pipe(v.string(), v.parseJson(), v.array(v.picklist(Object.values(GRANT_TYPES))))

function clientFrom(row: Row): Client {
  return {
    id: row.id,
    name: row.name,
    secretDigest: row.secret_digest,
    redirectUris: v.parse(RedirectUris, row.redirect_uris),
    grants: v.parse(Grants, row.grants),
    requireDpop: row.require_dpop === 1,
    resourceServer: row.resource_server === 1,
  }
}
