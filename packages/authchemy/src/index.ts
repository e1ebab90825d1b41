export type { Account, Accounts, BrowserSession, FormOutcome, PasswordAccounts } from "./accounts/accounts.ts"
export { type AppDeps, createApp } from "./app.ts"
export { createLogger } from "./logging.ts"
