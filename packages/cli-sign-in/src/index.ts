export {
  type BrowserLoginOptions,
  type LoginResult,
  performBrowserLogin,
  type SignInEvent,
} from "./browser-login.ts"
export type { Credential, CredentialStore, PendingRevocation } from "./credentials/credentials.ts"
export { createFileCredentials } from "./credentials/file.ts"
export { withFileLock } from "./credentials/file-lock.ts"
export { type JsonFile, openJsonFile } from "./credentials/json-file.ts"
export { LockTimeoutError, SignInError } from "./errors.ts"
export { endSession, type LogoutOutcome, logOut } from "./logout.ts"
export { canOpenBrowser, openBrowser } from "./open-browser.ts"
export { retryPendingRevocations } from "./revocations.ts"
export { parseServerUrl } from "./server-url.ts"
export { withAuthRetry } from "./with-auth-retry.ts"
