export { type BrowserLoginOptions, performBrowserLogin } from "./browser-login.ts"
export { type BrowserOrDeviceLoginOptions, performBrowserOrDeviceLogin } from "./browser-or-device-login.ts"
export { withFileLock } from "./credentials/file-lock.ts"
export * from "./credentials/index.ts"
export {
  beginDeviceLogin,
  completeDeviceLogin,
  type DeviceLoginBegun,
  performDeviceLogin,
  type UnfinishedDeviceSignIn,
} from "./device-login.ts"
export { LockTimeoutError, SignInError } from "./errors.ts"
export type { LoginOptions, LoginResult, SignInEvent } from "./login.ts"
export { endSession, type LogoutOutcome, logOut } from "./logout.ts"
export { canOpenBrowser, openBrowser } from "./open-browser.ts"
export { retryPendingRevocations } from "./revocations.ts"
export { parseServerUrl } from "./server-url.ts"
export { endUnfinishedSignIns } from "./unfinished-sign-ins.ts"
export { withAuthRetry } from "./with-auth-retry.ts"
