import { type LogoutOutcome, logOut } from "@authchemy/cli-sign-in"
import { adminClientWith } from "../../admin/admin-client-from-flags.ts"
import { hasPassed, originOf, requireAuthToken } from "../../auth/resolve-auth-token.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { completionCacheOf, removeCache } from "../../config/cache-file.ts"
import type { ConfigFile } from "../../config/file.ts"
import { sameServer } from "../../config/server-urls.ts"
import { resolveSettings, type Settings } from "../../config/settings.ts"
import { CLIError, EXIT_CODES } from "../../errors.ts"
import { printable } from "../../output/printable.ts"

/** The most that the server is waited for, in milliseconds. */
const LOGOUT_TIMEOUT_MS = 2500

export type LogoutOptions = { strict: boolean; all: boolean; others: boolean }

export const command: Command<LogoutOptions> = {
  parse: (_operands, raw) => {
    if (raw.all === true && raw.others === true) {
      throw new CLIError("INVALID_ARGS", "--all and --others do not go together.", {
        hint: "--all ends this session as well; --others all but this one.",
      })
    }
    return { strict: raw.strict === true, all: raw.all === true, others: raw.others === true }
  },
  run: logoutRun,
}

/** Ends the session on the server, then clears it here, always; what is said is what happened. */
export async function logoutRun(options: LogoutOptions, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const settings = resolveSettings(await config.values(), context)
  if (options.others) return endOthers(settings, context)
  const limitMs = Math.min(context.flags.timeoutMs ?? LOGOUT_TIMEOUT_MS, LOGOUT_TIMEOUT_MS)
  const began = performance.now()
  const ended = options.all ? await endAll(settings, config, context, limitMs) : null
  const { env, fetch, serverNow: now, signal } = context
  const stored = await config.store.signIn()
  const outcome = await logOut({
    store: config.store,
    authUrl: settings.authUrl,
    // The limit is for all that is asked of the server together.
    timeoutMs: Math.max(1, limitMs - Math.floor(performance.now() - began)),
    fetch,
    now,
    // Ctrl-C ends the wait for the server, not the sign-out.
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof CLIError)) throw error
    throw new CLIError(error.code, `The token could not be erased here: ${error.message}`, {
      hint: `${error.hint ?? ""} \`alchemy auth status\` says whether its session has ended.`.trim(),
      cause: error,
    })
  })
  // What the completions remember of the account.
  await removeCache(completionCacheOf(config.path))
  if (outcome.server === "pending" || !outcome.erased) context.runDetached(["auth", "deliver"])
  const warnings = [
    ...(env.ALCHEMY_AUTH_TOKEN ? [LEFT_ALONE] : []),
    ...(outcome.erased ? [] : [NOT_ERASED]),
    ...(ended !== null && "reason" in ended
      ? [
          `The account's other sessions were not ended: ${ended.reason} See ${stored?.server ?? settings.authUrl}/sessions.`,
        ]
      : []),
  ]
  // With --all the session was ended together with the others, a moment ago.
  const server =
    ended !== null && "count" in ended && outcome.server === "already_ended" ? "revoked" : outcome.server
  const count = ended !== null && "count" in ended ? ended.count : undefined
  const sentence = logoutSentence({ ...outcome, server } as LogoutOutcome, stored?.server ?? settings.authUrl)
  return {
    data: {
      server,
      ...(outcome.server === "pending" ? { reason: printable(outcome.reason) } : {}),
      cleared: outcome.server !== "none",
      ...(count === undefined ? {} : { sessionsEnded: count }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
    text: (style) =>
      [
        `${sentence.replace(/^✓/, style.green("✓"))}\n`,
        count === undefined ? "" : `  Sessions of the account that were ended: ${count}\n`,
        ...warnings.map((warning) => `${style.yellow("!")} ${printable(warning)}\n`),
      ].join(""),
    sentenceOnly: outcome.server !== "pending" && warnings.length === 0,
    exitCode:
      options.strict && outcome.server === "pending"
        ? EXIT_CODES.NETWORK_ERROR
        : ended !== null && "exitCode" in ended
          ? ended.exitCode
          : 0,
  }
}

const LEFT_ALONE = "ALCHEMY_AUTH_TOKEN is set and was left alone; commands go on using it."
const NOT_ERASED =
  "The keychain could not be asked, or not in time; what it keeps of the sign-in is removed by a later command."

/** What became of the account's sessions; `exitCode` where they were not ended. */
type AllEnded = { count: number } | { reason: string; exitCode: number }

/** Ends every session of the account. What keeps that from happening does not keep this machine from being signed out. */
async function endAll(
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
  timeoutMs: number,
): Promise<AllEnded | null> {
  const signIn = await config.store.signIn()
  if (signIn === null) return null
  const { server, expiresAt, keptIn } = signIn
  if (server !== null && !sameServer(server, settings.authUrl)) {
    const reason = `the sign-in belongs to ${server}, but ${settings.authUrl} is configured.`
    return { reason, exitCode: EXIT_CODES.INVALID_ARGS }
  }
  if (hasPassed(expiresAt, context.serverNow()))
    return { reason: "the sign-in here has expired.", exitCode: 0 }
  try {
    const credential = await config.loadCredential()
    if (credential === null) return null
    const origin = originOf(keptIn)
    const secret = { kind: "auth-token", secret: credential.token, origin } as const
    return {
      count: await adminClientWith(secret, settings, context, timeoutMs).endSessions({ others: false }),
    }
  } catch (error) {
    if (!(error instanceof CLIError) || error.code === "INTERRUPTED") throw error
    return { reason: error.message, exitCode: error.status === 401 ? 0 : error.exitCode }
  }
}

/** Ends every session of the account but the one that is used here. */
async function endOthers(settings: Settings, context: CommandContext): Promise<Result> {
  const { token, origin } = await requireAuthToken(settings, context)
  const timeoutMs = context.flags.timeoutMs ?? 4 * LOGOUT_TIMEOUT_MS
  const client = adminClientWith({ kind: "auth-token", secret: token, origin }, settings, context, timeoutMs)
  const count = await client.endSessions({ others: true })
  const sentence =
    count === 0
      ? "There were no other sessions."
      : `${count === 1 ? "1 other session has" : `${count} other sessions have`} ended on the server. You are still signed in here.`
  return {
    data: { server: "revoked", cleared: false, sessionsEnded: count },
    text: (style) => `${style.green("✓")} ${sentence}\n`,
    sentenceOnly: true,
  }
}

function logoutSentence(outcome: LogoutOutcome, server: string): string {
  switch (outcome.server) {
    case "revoked":
      return "✓ Signed out. The session has ended on the server."
    case "already_ended":
      return "✓ Signed out. The session had already ended."
    case "none":
      return "Not signed in."
    case "pending":
      return `✓ Signed out here. The server could not be reached (${printable(outcome.reason)}); the session will be ended as soon as it can be, or at ${printable(server)}/sessions.`
  }
}
