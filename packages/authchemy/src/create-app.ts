import type { Logger } from "pino"
import type { Accounts } from "./accounts/accounts.ts"
import { withOrigin } from "./audit/origin.ts"
import { parseConfig } from "./config.ts"
import { createLogger } from "./logging.ts"
import { createServerApp } from "./server-app.ts"
import { openServices } from "./services.ts"

/** The server inside a host application, which listens and keeps the people. */
export type EmbeddedApp = {
  /** This server's origin. */
  readonly issuer: string
  /** Answers a request: for any framework that speaks `Request` and `Response`. */
  fetch(request: Request, bindings?: unknown): Response | Promise<Response>
  /**
   * Ends all command-line sessions of an account, and what is about to become one: when its password has changed, or it is gone. It is recorded as the operator's
   * doing, whose application this is.
   * @returns how many sessions have ended
   * @throws StoreUnavailableError
   */
  endSessions(accountId: string): Promise<number>
  /** Closes the stores. Call it when the last request has been answered. */
  close(): Promise<void>
}

/**
 * Opens the stores and makes the app, for a host application that brings its own people: sign-in stays where it is, and everything from the
 * approval on is this server's. Its pages are served at the paths that `docs/embedding.md` lists, so mount it at the root of an origin.
 * @param options.accounts who is signed in to a browser; with an `Accounts` of the host's own there is no page for signing in here
 * @param options.env `AUTHCHEMY_*` variables, as the server reads them; the process's own where left out
 * @param options.logger one JSON object a line on standard output where left out
 * @throws ConfigError, DatabaseNotUpToDateError, StoreUnavailableError
 */
export async function createApp(options: {
  accounts: Accounts
  env?: Readonly<Record<string, string | undefined>>
  logger?: Logger
}): Promise<EmbeddedApp> {
  const { accounts, env = process.env, logger = createLogger() } = options
  const config = parseConfig(env)
  const services = await openServices(config, { logger })
  const app = createServerApp({
    config,
    services: { ...services, accounts },
    now: Date.now,
    logger,
    ready: services.ready,
  })
  return {
    issuer: config.issuer,
    fetch: (request, bindings) => app.fetch(request, bindings ?? {}),
    endSessions: (accountId) =>
      withOrigin({ actor: "operator", address: null, agent: null }, () =>
        services.tokens.revokeSessions(accountId),
      ),
    close: services.close,
  }
}
