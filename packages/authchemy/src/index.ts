export type { Account, Accounts, BrowserSession } from "./accounts/accounts.ts"
export { ConfigError, type ConfigProblem } from "./config-error.ts"
export { createApp, type EmbeddedApp } from "./create-app.ts"
export { createLogger } from "./logging.ts"
