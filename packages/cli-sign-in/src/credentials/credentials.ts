/** A token with what it is good for. `server` is the auth URL that issued it: it is sent nowhere else for signing in or out. */
export type Credential = {
  token: string
  /** UTC, ISO 8601 with milliseconds. `null` where an older client stored none. */
  expiresAt: string | null
  /** Auth URL of the issuing server, without a trailing slash. `null` where an older client stored none. */
  server: string | null
}

/** Something that can end one session and do nothing else. Times are UTC, ISO 8601 with milliseconds. */
export type PendingRevocation = { handle: string; server: string; expiresAt: string | null; since: string }

/** Where the credential and the revocations still to be delivered are kept. Each method is one atomic step on disk. */
export interface CredentialStore {
  /** For people, for example `config file ~/.config/alchemy/config.json`. */
  readonly description: string
  load(): Promise<Credential | null>
  /** Stores a credential in place of any other. */
  save(credential: Credential): Promise<void>
  /**
   * Erases the credential if it is still `token` (another process may have signed in since), and in the same step
   * remembers the pending revocation.
   */
  clear(token: string, pending?: PendingRevocation): Promise<void>
  pendingRevocations(): Promise<PendingRevocation[]>
  addPendingRevocation(pending: PendingRevocation): Promise<void>
  forgetPendingRevocations(handles: string[]): Promise<void>
}
