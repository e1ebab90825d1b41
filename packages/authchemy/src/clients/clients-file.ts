import { readFileSync } from "node:fs"
import { ConfigError } from "../config-error.ts"
import { ALCHEMY_CLI, type Client, isClientId, readRegistration } from "./client.ts"

const VARIABLE = "AUTHCHEMY_CLIENTS_FILE"
const SHAPE = 'must be { "clients": [ … ] }'

/**
 * Reads the clients file: JSON, `{ "clients": [ { "id", "name", "redirectUris"?, "grants"?, "requireDpop"?, "resourceServer"?,
 * "secretDigest"? } ] }`. It holds digests, never secrets.
 * @param path absolute; `null`: there is none, and so no client
 * @returns the clients, frozen
 * @throws ConfigError naming `AUTHCHEMY_CLIENTS_FILE`, and every client and field that is wrong
 */
export function readClientsFile(path: string | null): readonly Client[] {
  if (path === null) return Object.freeze([])
  const refuse = (messages: readonly string[]) =>
    new ConfigError(messages.map((message) => ({ variable: VARIABLE, message: `${path}: ${message}` })))
  const entries = entriesIn(readText(path), (message) => refuse([message]))
  const clients: Client[] = []
  const problems: string[] = []
  const ids = new Set([ALCHEMY_CLI.id])
  for (const [index, entry] of entries.entries()) {
    const label = labelOf(index, entry)
    const { client, problems: wrong } = readRegistration(entry)
    if (wrong !== undefined) {
      for (const { field, message } of wrong)
        problems.push([label, field, message].filter(Boolean).join(": "))
      continue
    }
    if (ids.has(client.id)) problems.push(`${label}: id: is taken, by another entry or as a built-in client`)
    ids.add(client.id)
    clients.push(client)
  }
  if (problems.length > 0) throw refuse(problems)
  return Object.freeze(clients)
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unreadable"
    const message = `must be a file that this user can read, got ${JSON.stringify(path)} (${code})`
    throw new ConfigError([{ variable: VARIABLE, message }])
  }
}

function entriesIn(text: string, refuse: (message: string) => ConfigError): readonly unknown[] {
  const file = parse(text, refuse)
  if (typeof file !== "object" || file === null || !("clients" in file)) throw refuse(SHAPE)
  const { clients, ...others } = file
  if (!Array.isArray(clients) || Object.keys(others).length > 0) throw refuse(SHAPE)
  return clients
}

/** The parser's own message repeats a piece of the file; only the place is taken from it. */
function parse(text: string, refuse: (message: string) => ConfigError): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const place = error instanceof Error ? /\(line \d+ column \d+\)/.exec(error.message)?.[0] : undefined
    throw refuse(place === undefined ? "must be JSON" : `must be JSON ${place}`)
  }
}

/** Which client a message is about: by its place, and by its id where it has one. */
function labelOf(index: number, entry: unknown): string {
  const id = typeof entry === "object" && entry !== null && "id" in entry ? entry.id : undefined
  return typeof id === "string" && isClientId(id) ? `client ${index + 1} (${id})` : `client ${index + 1}`
}
