import { requireAuthToken } from "../auth/resolve-auth-token.ts"
import { signInAgain, withSignInLock } from "../auth/sign-in.ts"
import type { CommandContext } from "../command.ts"
import { sameServer } from "../config/server-urls.ts"
import { resolveSettings, type Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { type AdminClient, type Authorize, createAdminClient } from "./admin-client.ts"
import type { AdminCredential, AdminTransport } from "./request.ts"

/** How long a call may take where `--timeout` says nothing, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 30_000

/**
 * The admin client of a command: the access key (`--access-key`, `ALCHEMY_ACCESS_KEY`, configuration file), else the
 * auth token. For a stored token in an interactive terminal a 401 leads to one sign-in, shared by all processes that
 * met it, and one retry.
 *
 * @throws CLIError `AUTH_REQUIRED` where there is no credential, `INVALID_ARGS` for a bad URL
 */
export async function adminClientFromFlags(context: CommandContext): Promise<AdminClient> {
  const settings = resolveSettings(await (await context.config()).values(), context)
  const timeoutMs = context.flags.timeoutMs ?? DEFAULT_TIMEOUT_MS
  return createAdminClient(
    adminTransport(settings, context, timeoutMs),
    await authorizeFrom(settings, context),
  )
}

/** A client that uses one given credential, for example to ask what the server says of it. */
export function adminClientWith(
  credential: AdminCredential,
  settings: Settings,
  context: CommandContext,
  timeoutMs: number,
): AdminClient {
  return createAdminClient(adminTransport(settings, context, timeoutMs), (call) => call(credential))
}

function adminTransport(settings: Settings, context: CommandContext, timeoutMs: number): AdminTransport {
  const { now, signal, report } = context
  const fetch: typeof context.fetch = (...request) =>
    report.working("the server", () => context.fetch(...request))
  const onDetail = (detail: string) => {
    if (settings.verbose) report.detail(detail)
  }
  return { baseUrl: settings.adminUrl, fetch, now, signal, timeoutMs, onDetail }
}

async function authorizeFrom(settings: Settings, context: CommandContext): Promise<Authorize> {
  const { accessKey } = settings
  if (accessKey !== null) {
    return (call) => call({ kind: "access-key", secret: accessKey.key, origin: accessKey.origin })
  }
  const resolved = await requireAuthToken(settings, context)
  const credential = (secret: string): AdminCredential => ({
    kind: "auth-token",
    secret,
    origin: resolved.origin,
  })
  if (resolved.origin === "environment" || !context.flags.interactive) {
    return (call) => call(credential(resolved.token))
  }
  const { withAuthRetry } = await import("@authchemy/cli-sign-in")
  const config = await context.config()
  return (call) =>
    withAuthRetry(
      {
        token: resolved.token,
        // Another process may have signed in at another server meanwhile.
        loadToken: async () => {
          const stored = await config.loadCredential()
          const isOurs = stored?.server == null || sameServer(stored.server, settings.authUrl)
          return isOurs ? (stored?.token ?? null) : null
        },
        signIn: () => signInAgain(settings, config, context),
        isUnauthorized: (error) => error instanceof CLIError && error.status === 401,
        lock: (work) => withSignInLock(config, context, work),
      },
      (token) => call(credential(token)),
    )
}
