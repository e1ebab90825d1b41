// What a credential store keeps in its file, and under which names.
import { type AccountSummary, revocationHandleOf } from "@authchemy/protocol"
import type { PendingRevocation, StoredSignIn } from "./credentials.ts"

export type Content = Record<string, unknown>

export const TOKEN = "auth_token"
export const EXPIRES_AT = "auth_token_expires_at"
export const SERVER = "auth_token_server"
export const ACCOUNT = "auth_token_account"
/** Of a token in the keychain: the name of its entry, its digest and its revocation handle. */
export const IN_KEYCHAIN = "auth_token_keychain"
export const PENDING = "pending_revocations"
export const UNFINISHED = "unfinished_sign_ins"
/** Entries of the keychain that are of no use: any more, or from some moment on, should whoever writes them have been killed. */
const LEFTOVERS = "keychain_leftovers"

/** The keys of a sign-in, as they stand in a section of the file. */
export const SIGN_IN_KEYS = [TOKEN, EXPIRES_AT, SERVER, ACCOUNT, IN_KEYCHAIN] as const
/** The keys of what has still to reach a server. They stand in the file once, for all its sections. */
export const PENDING_KEYS = [PENDING, UNFINISHED, LEFTOVERS] as const

/** The sign-in that stands in a section. What takes a hash is computed when it is asked for: most commands do not. */
export function storedSignInOf(target: Content): StoredSignIn | null {
  const token = textOrNull(target[TOKEN])
  const kept = keychainEntryIn(target)
  if (token === null && kept === null) return null
  return {
    get digest() {
      return token === null ? (kept?.digest ?? "") : digestOf(token)
    },
    get handle() {
      return token === null ? (kept?.handle ?? null) : revocationHandleOf(token)
    },
    expiresAt: textOrNull(target[EXPIRES_AT]),
    server: textOrNull(target[SERVER]),
    account: accountIn(target[ACCOUNT]),
    keptIn: token === null ? "keychain" : "file",
  }
}

export function keychainEntryIn(
  target: Content,
): { entry: string; digest: string; handle: string | null } | null {
  const kept = target[IN_KEYCHAIN]
  const entry = textOf(kept, "entry")
  if (entry === "") return null
  return { entry, digest: textOf(kept, "digest"), handle: textOf(kept, "handle") || null }
}

function accountIn(value: unknown): AccountSummary | null {
  const account = { id: textOf(value, "id"), email: textOf(value, "email"), name: textOf(value, "name") }
  return account.email === "" ? null : account
}

/** base64url of the SHA-256 of a token. */
export function digestOf(token: string): string {
  return process.getBuiltinModule("node:crypto").hash("sha256", token, "base64url")
}

export function addPending(content: Content, pending: PendingRevocation): void {
  const others = listIn(content[PENDING]).filter((entry) => textOf(entry, "handle") !== pending.handle)
  content[PENDING] = [...others, pending]
}

export function withoutUnfinished(content: Content, id: string): void {
  const left = listIn(content[UNFINISHED]).filter((entry) => textOf(entry, "id") !== id)
  setOrDelete(content, UNFINISHED, left.length === 0 ? null : left)
}

/** An entry of the keychain that is to go. `notBefore`: it may be about to be used until then; UTC, ISO 8601. */
export type Leftover = { entry: string; notBefore?: string }

/** What is to be removed from the keychain, or will be. */
export function leftoversIn(content: Content): Leftover[] {
  return listIn(content[LEFTOVERS]).flatMap((left) => {
    const [entry, notBefore] = [textOf(left, "entry"), textOf(left, "notBefore")]
    return entry === "" ? [] : [{ entry, ...(notBefore === "" ? {} : { notBefore }) }]
  })
}

/** Names what is to go, in place of what was said of the same entry before. */
export function addLeftover(content: Content, leftover: Leftover): void {
  withoutLeftovers(content, new Set([leftover.entry]))
  content[LEFTOVERS] = [...listIn(content[LEFTOVERS]), leftover]
}

export function withoutLeftovers(content: Content, entries: ReadonlySet<string>): void {
  const left = listIn(content[LEFTOVERS]).filter((leftover) => !entries.has(textOf(leftover, "entry")))
  setOrDelete(content, LEFTOVERS, left.length === 0 ? null : left)
}

export function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export function isPendingRevocation(entry: unknown): entry is PendingRevocation {
  if (textOf(entry, "handle") === "") return false
  const { server, since, expiresAt, notBefore } = entry as Partial<Record<keyof PendingRevocation, unknown>>
  return (
    typeof server === "string" &&
    typeof since === "string" &&
    (expiresAt === null || typeof expiresAt === "string") &&
    (notBefore === undefined || typeof notBefore === "string")
  )
}

/** A text under a name in an object; empty where there is none. */
export function textOf(value: unknown, name: string): string {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return ""
  const text = (value as Content)[name]
  return typeof text === "string" ? text : ""
}

export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null
}

export function setOrDelete(content: Content, key: string, value: unknown): void {
  if (value === null) delete content[key]
  else content[key] = value
}
