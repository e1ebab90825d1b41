import type { AccountSummary } from "@authchemy/protocol"
import type { KeychainError } from "./keychain.ts"
import type { UnfinishedSignIn } from "./unfinished-sign-in.ts"

/** A token with what it is good for. `server` is the auth URL that issued it: it is sent nowhere else for signing in or out. */
export type Credential = {
  token: string
  /** UTC, ISO 8601 with milliseconds. `null` where an older client stored none. */
  expiresAt: string | null
  /** Auth URL of the issuing server, without a trailing slash. `null` where an older client stored none. */
  server: string | null
}

/** Where a token can be kept. */
export type Keeper = "keychain" | "file"

/** What is known of a stored sign-in without its token, so without a keychain being asked. Nothing of it lets anybody in. */
export type StoredSignIn = {
  /** base64url of the token's SHA-256. */
  digest: string
  /** Ends the session, and can do nothing else; `null` where the token is of another form. */
  handle: string | null
  expiresAt: string | null
  server: string | null
  /** `null` where an older client stored none. */
  account: AccountSummary | null
  keptIn: Keeper
}

/**
 * Something that can end one session and do nothing else. Times are UTC, ISO 8601 with milliseconds. `notBefore`: the
 * session may still be needed until then.
 */
export type PendingRevocation = {
  handle: string
  server: string
  expiresAt: string | null
  since: string
  notBefore?: string
}

/** Where a token went. `keychain`: why not into the keychain, although it was tried. */
export type Kept = { in: Keeper; keychain?: KeychainError }

/** What belongs to a credential that is saved, and is stored with it in one step. */
export type SavedWith = {
  account?: AccountSummary
  /** The note of the sign-in that brought it; it is erased. */
  finishes?: string
  /** What ends the session that it replaces. */
  supersedes?: PendingRevocation
}

/**
 * Where the credential is kept, with all that still has to reach a server. Each method is one atomic step on disk: a
 * process that is killed in the middle of one has done it, or has not.
 */
export interface CredentialStore {
  /** For people, for example `config file ~/.config/alchemy/config.json`. */
  descriptionOf(keeper: Keeper): string
  /** @throws KeychainError where the token is in the keychain, and that cannot be read */
  load(): Promise<Credential | null>
  /** Asks no keychain. */
  signIn(): Promise<StoredSignIn | null>
  /** To be asked before a sign-in is begun. @throws KeychainError where its token may be kept in the keychain only, and cannot */
  check(): Promise<void>
  /** Stores a credential in place of any other. @throws KeychainError where it may be kept in the keychain only, and cannot */
  save(credential: Credential, more?: SavedWith): Promise<Kept>
  /**
   * Erases the credential if it is still the one with this digest (another process may have signed in since), and in the
   * same step remembers the pending revocation. A keychain that does not answer does not stop it: what is left there is
   * removed by a later call. Resolves to whether nothing of it was left.
   * @param waitMs how long a keychain that keeps it is waited for, in milliseconds; 500 where left out
   */
  clear(digest: string, pending?: PendingRevocation, waitMs?: number): Promise<boolean>
  /** Removes what earlier calls had to leave in the keychain. Whether nothing is left. Never throws. */
  removeLeftovers(): Promise<boolean>
  /** Keeps the credential where the preference says now. `null`: there is none. @throws as `load` and `save` do */
  relocate(): Promise<Kept | null>
  pendingRevocations(): Promise<PendingRevocation[]>
  addPendingRevocation(pending: PendingRevocation): Promise<void>
  forgetPendingRevocations(handles: string[]): Promise<void>
  unfinishedSignIns(): Promise<UnfinishedSignIn[]>
  /** Notes a sign-in in place of any with the same id. */
  noteUnfinishedSignIn(unfinished: UnfinishedSignIn): Promise<void>
  /** Also removes what it may have left in the keychain, where that is quickly done. */
  forgetUnfinishedSignIn(id: string): Promise<void>
}
