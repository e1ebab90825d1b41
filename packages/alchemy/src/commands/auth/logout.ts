import { type LogoutOutcome, logOut } from "@authchemy/cli-sign-in"
import type { Command, CommandContext, Result } from "../../command.ts"
import { resolveSettings } from "../../config/settings.ts"
import { CLIError, EXIT_CODES } from "../../errors.ts"
import { printable } from "../../output/printable.ts"

/** The most that the server is waited for, in milliseconds. */
const LOGOUT_TIMEOUT_MS = 2500

export type LogoutOptions = { strict: boolean }

export const command: Command<LogoutOptions> = {
  parse: (_operands, raw) => ({ strict: raw.strict === true }),
  run: logoutRun,
}

/** Ends the session on the server, then clears it here, always; what is said is what happened. */
export async function logoutRun(options: LogoutOptions, context: CommandContext): Promise<Result> {
  const { env, fetch, now, flags } = context
  const config = await context.config()
  const { authUrl } = resolveSettings(await config.json.read(), context)
  const stored = await config.store.load()
  const outcome = await logOut({
    store: config.store,
    authUrl,
    timeoutMs: Math.min(flags.timeoutMs ?? LOGOUT_TIMEOUT_MS, LOGOUT_TIMEOUT_MS),
    fetch,
    now,
  }).catch((error: unknown) => {
    if (!(error instanceof CLIError)) throw error
    throw new CLIError(error.code, `The token could not be erased here: ${error.message}`, {
      hint: `${error.hint ?? ""} \`alchemy auth status\` says whether its session has ended.`.trim(),
      cause: error,
    })
  })
  const environment = env.ALCHEMY_AUTH_TOKEN
    ? "ALCHEMY_AUTH_TOKEN is set and was left alone; commands go on using it."
    : undefined
  const sentence = logoutSentence(outcome, stored?.server ?? authUrl)
  return {
    data: {
      server: outcome.server,
      ...(outcome.server === "pending" ? { reason: printable(outcome.reason) } : {}),
      cleared: outcome.server !== "none",
      ...(environment === undefined ? {} : { warnings: [environment] }),
    },
    text: (style) =>
      `${sentence.replace(/^✓/, style.green("✓"))}\n${environment === undefined ? "" : `${style.yellow("!")} ${environment}\n`}`,
    sentenceOnly: outcome.server !== "pending" && environment === undefined,
    exitCode: options.strict && outcome.server === "pending" ? EXIT_CODES.NETWORK_ERROR : 0,
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
