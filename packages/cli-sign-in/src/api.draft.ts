// The agreed shape of this package. Each declaration moves into the file named above it.
import type { AccountSummary } from "@authchemy/protocol"

// ---- credentials/credentials.ts
/** A token with what it is good for. `server` is the auth URL that issued it: it is sent nowhere else for signing in or out. */
export type Credential = {
  token: string
  /** UTC, ISO 8601 with milliseconds. `null` where an older client stored none. */
  expiresAt: string | null
  /** Auth URL of the issuing server, without a trailing slash. `null` where an older client stored none. */
  server: string | null
}
/** Something that can end one session and do nothing else. */
export type PendingRevocation = { handle: string; server: string; expiresAt: string | null; since: string }

/** Where the credential and the revocations still to be delivered are kept. Each method is one atomic step on disk. */
export interface CredentialStore {
  /** For people, for example `config file ~/.config/alchemy/config.json`. */
  readonly description: string
  load(): Promise<Credential | null>
  /** Stores a credential in place of any other. */
  save(credential: Credential): Promise<void>
  /** Erases the credential if it is still `token` (another process may have signed in since), and in the same step remembers the pending revocation. */
  clear(token: string, pending?: PendingRevocation): Promise<void>
  pendingRevocations(): Promise<PendingRevocation[]>
  addPendingRevocation(pending: PendingRevocation): Promise<void>
  forgetPendingRevocations(handles: string[]): Promise<void>
}

// ---- credentials/file.ts   createFileCredentials({ file: JsonFile, description, alsoClear?: string[] }): CredentialStore
//      keys in the file: auth_token, auth_token_expires_at, auth_token_server, pending_revocations: PendingRevocation[]
// ---- credentials/json-file.ts
/** A JSON object in a file: written whole to a neighbour and renamed, under a lock, 0600, unknown keys kept; an unparsable file is put aside, never overwritten. */
export interface JsonFile {
  readonly path: string
  /** `{}` where there is no file. Unparsable: put aside as `<path>.broken-<time>`, `onWarning` told, `{}` returned. Mends the mode to 0600. */
  read(): Promise<Record<string, unknown>>
  /** Read, change, write, under the lock. `change` mutates or returns the object. */
  update(change: (content: Record<string, unknown>) => void): Promise<void>
}
export declare function openJsonFile(options: {
  path: string
  onWarning: (warning: string) => void
  now?: () => number
}): JsonFile
// ---- credentials/file-lock.ts
/** Runs `work` while no other process holds the lock at `path`. A lock whose owner died is taken over at once. @throws LockTimeoutError after waitMs */
export declare function withFileLock<T>(
  path: string,
  options: { waitMs: number; onWait?: () => void; signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T>

// ---- browser-login.ts
export type SignInEvent =
  /** The listener is bound. `fallback` says why the preferred port was not taken, e.g. "EADDRINUSE". */
  | { type: "listening"; port: number; preferredPort: number; fallback?: string }
  | { type: "approval"; url: string; phrase: string; timeoutMs: number }
  | { type: "browser-opened" }
  | { type: "browser-failed"; reason: string }
  | { type: "request-ignored"; reason: string }
  | { type: "exchanging" }
  | { type: "stored" }
export type BrowserLoginOptions = {
  /** Auth URL, for example `https://auth.example.com`; https unless loopback. */
  authUrl: string
  /** Program and version shown for approval, for example `alchemy-cli/1.0.0`. */
  client: string
  device: { name: string; os: string }
  /** Default AUTH_PORT. 0: any. */
  port?: number
  /** Whole seconds; the server caps it at 90 days. */
  expiresInSeconds?: number
  /** Default 5 minutes. */
  timeoutMs?: number
  /** Called with the URL once it has been reported; not awaited (it may wait for a person first); aborted through `signal` when sign-in ends. A rejection becomes `browser-failed`. `null`: never. */
  openBrowser: ((url: string, signal: AbortSignal) => Promise<void>) | null
  /** Stores the credential. The browser is told of success only after this has resolved. */
  save: (login: LoginResult) => Promise<void>
  onEvent?: (event: SignInEvent) => void
  signal?: AbortSignal
  fetch?: typeof fetch
  now?: () => number
  randomBytes?: (size: number) => Uint8Array
}
export type LoginResult = {
  credential: Credential
  sessionId: string
  account: AccountSummary
  expiresInSeconds: number
}
/** @throws SignInError */
export declare function performBrowserLogin(options: BrowserLoginOptions): Promise<LoginResult>

// ---- logout.ts
export type LogoutOutcome =
  | { server: "revoked" }
  | { server: "already_ended" }
  /** The credential is erased here; its revocation handle is kept and tried again. `reason` is one phrase for people. */
  | { server: "pending"; reason: string }
  | { server: "none" }
/** Server first (2.5 s in all), then local clearing, always. Never throws for what the server does. */
export declare function logOut(options: {
  store: CredentialStore
  /** Used where the credential does not name its server. */
  authUrl: string
  timeoutMs?: number
  fetch?: typeof fetch
  now?: () => number
}): Promise<LogoutOutcome>
/** Ends one session on the server without touching what is stored (for the old session after `--force`). Postpones through `store` where the server is not reached. */
export declare function endSession(options: {
  store: CredentialStore
  credential: Credential
  authUrl: string
  timeoutMs?: number
  fetch?: typeof fetch
  now?: () => number
}): Promise<LogoutOutcome>

// ---- revocations.ts
/** Tries every pending revocation once, forgets those that are confirmed or whose session has expired. Never throws. */
export declare function retryPendingRevocations(options: {
  store: CredentialStore
  fetch?: typeof fetch
  now?: () => number
  signal?: AbortSignal
}): Promise<{ confirmed: number; remaining: number }>

// ---- with-auth-retry.ts
/**
 * Calls `call` with a token. Where it throws an error for which `isUnauthorized` is true: takes the sign-in lock shared between processes, looks whether
 * another process has signed in meanwhile (then uses that token), else runs `signIn` once; then calls `call` once more.
 */
export declare function withAuthRetry<T>(
  options: {
    token: string
    loadToken: () => Promise<string | null>
    signIn: () => Promise<string>
    isUnauthorized: (error: unknown) => boolean
    lock: <R>(work: () => Promise<R>) => Promise<R>
  },
  call: (token: string) => Promise<T>,
): Promise<T>

// ---- open-browser.ts
/** Whether a browser can be expected to open here: a display, no SSH, no container (Linux); always on macOS and Windows outside SSH. */
export declare function canOpenBrowser(
  env: Record<string, string | undefined>,
  platform: NodeJS.Platform,
): boolean
/** Opens the URL with `BROWSER` (a command line, `%s` stands for the URL; several separated by the path delimiter) where set, else with the system's opener (`open`). Rejects where that fails. */
export declare function openBrowser(
  url: string,
  options: { env: Record<string, string | undefined> },
): Promise<void>

// ---- errors.ts
/** `code` is stable; `message` is for people. */
export declare class SignInError extends Error {
  readonly code:
    | "denied" // the person said no, or the server refused the sign-in
    | "timeout"
    | "aborted"
    | "port_unavailable" // not even an ephemeral port
    | "network" // the exchange could not reach the server
    | "refused" // the server refused the exchange (status, wire code in `details`)
    | "bad_response" // redirect, too large, not JSON, wrong shape
    | "storage" // the credential could not be saved (cause)
    | "insecure_url"
  readonly details?: Record<string, unknown>
}
