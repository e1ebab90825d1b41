import { equalInConstantTime } from "../constant-time.ts"
import type { Credential, CredentialStore, PendingRevocation } from "./credentials.ts"
import type { JsonFile } from "./json-file.ts"

const TOKEN = "auth_token"
const EXPIRES_AT = "auth_token_expires_at"
const SERVER = "auth_token_server"
const PENDING = "pending_revocations"

/**
 * A credential store in a JSON file, under the keys `auth_token`, `auth_token_expires_at`, `auth_token_server` and
 * `pending_revocations`. A file of an older client, which holds the token alone, loads as it is.
 *
 * @param options.description what people are told of where the credential is kept
 * @param options.alsoClear keys that belong to the signed-in account and are erased together with the credential
 */
export function createFileCredentials(options: {
  file: JsonFile
  description: string
  alsoClear?: string[]
}): CredentialStore {
  const { file, description, alsoClear = [] } = options
  return {
    description,

    load: async () => credentialIn(await file.read()),

    save: (credential) =>
      file.update((content) => {
        content[TOKEN] = credential.token
        setOrDelete(content, EXPIRES_AT, credential.expiresAt)
        setOrDelete(content, SERVER, credential.server)
      }),

    clear: (token, pending) =>
      file.update((content) => {
        const stored = credentialIn(content)
        if (stored !== null && equalInConstantTime(stored.token, token)) {
          for (const key of [TOKEN, EXPIRES_AT, SERVER, ...alsoClear]) delete content[key]
        }
        if (pending !== undefined) addPending(content, pending)
      }),

    pendingRevocations: async () => listIn(await file.read()).filter(isPendingRevocation),

    addPendingRevocation: (pending) => file.update((content) => addPending(content, pending)),

    forgetPendingRevocations: (handles) =>
      file.update((content) => {
        const left = listIn(content).filter((entry) => !(hasHandle(entry) && handles.includes(entry.handle)))
        setOrDelete(content, PENDING, left.length === 0 ? null : left)
      }),
  }
}

function credentialIn(content: Record<string, unknown>): Credential | null {
  const token = content[TOKEN]
  if (typeof token !== "string" || token === "") return null
  return { token, expiresAt: textOrNull(content[EXPIRES_AT]), server: textOrNull(content[SERVER]) }
}

function addPending(content: Record<string, unknown>, pending: PendingRevocation): void {
  const others = listIn(content).filter((entry) => !(hasHandle(entry) && entry.handle === pending.handle))
  content[PENDING] = [...others, pending]
}

function listIn(content: Record<string, unknown>): unknown[] {
  const list = content[PENDING]
  return Array.isArray(list) ? list : []
}

function hasHandle(entry: unknown): entry is { handle: string } {
  return typeof entry === "object" && entry !== null && "handle" in entry && typeof entry.handle === "string"
}

function isPendingRevocation(entry: unknown): entry is PendingRevocation {
  if (!hasHandle(entry)) return false
  const { server, since, expiresAt }: Partial<Record<keyof PendingRevocation, unknown>> = entry
  return (
    typeof server === "string" &&
    typeof since === "string" &&
    (expiresAt === null || typeof expiresAt === "string")
  )
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null
}

function setOrDelete(content: Record<string, unknown>, key: string, value: unknown): void {
  if (value === null) delete content[key]
  else content[key] = value
}
