import type { Credential, LoginResult } from "@authchemy/cli-sign-in"
import type { AccountSummary } from "@authchemy/protocol"
import { ASK_TIMEOUT_MS, askServer } from "../../auth/ask-server.ts"
import { endReplacedSession } from "../../auth/replaced-session.ts"
import { hasPassed } from "../../auth/resolve-auth-token.ts"
import { signIn, signInWay, withSignInLock } from "../../auth/sign-in.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import type { ConfigFile } from "../../config/file.ts"
import { sameServer } from "../../config/server-urls.ts"
import { resolveSettings, type Settings } from "../../config/settings.ts"
import { durationInSeconds, wholeNumber } from "../../flags.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import { fields } from "../../output/table.ts"
import { moment } from "../../output/time.ts"

export type LoginOptions = {
  force: boolean
  yes: boolean
  browser: boolean
  device: boolean
  expiresInSeconds: number | undefined
  port: number | undefined
}

export const command: Command<LoginOptions> = {
  parse: (_operands, raw) => ({
    force: raw.force === true,
    yes: raw.yes === true,
    browser: raw.browser !== false,
    device: raw.device === true,
    expiresInSeconds: durationInSeconds(raw.expiresIn, "--expires-in"),
    port: wholeNumber(raw.port, "--port", { least: 0, most: 65_535 }),
  }),
  run: loginRun,
}

/** Signs in through the browser or by code, unless a sign-in is stored that is still good. */
export async function loginRun(options: LoginOptions, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const settings = resolveSettings(await config.json.read(), context)
  const before = await config.store.load()
  if (!options.force) {
    const stored = await stillGood(before, settings, context)
    if (stored !== null) return alreadySignedIn(stored, settings, config, context)
  }
  return withSignInLock(config, context, async () => {
    const now = await config.store.load()
    if (now !== null && now.token !== before?.token) {
      const stored = await stillGood(now, settings, context)
      if (stored !== null) return alreadySignedIn({ ...stored, byOther: true }, settings, config, context)
    }
    const way = await signInWay(options, context)
    const { expiresInSeconds, port } = options
    const login = await signIn({ way, expiresInSeconds, port }, settings, config, context)
    if (now !== null) await endReplacedSession(now, login, settings, config, context)
    return signedIn(login, settings, config, context)
  })
}

type StillGood = {
  credential: Credential
  account: AccountSummary | null
  unverified: string | null
  byOther?: true
}

/** The stored credential, where it is for this server, has not expired, and the server does not refuse it. */
async function stillGood(
  credential: Credential | null,
  settings: Settings,
  context: CommandContext,
): Promise<StillGood | null> {
  if (credential === null || hasPassed(credential.expiresAt, context.now())) return null
  if (credential.server !== null && !sameServer(credential.server, settings.authUrl)) return null
  const question = { token: credential.token, origin: "config file", timeoutMs: ASK_TIMEOUT_MS }
  const answer = await askServer(question, settings, context)
  if (answer.says === "refused") return null
  return answer.says === "accepted"
    ? { credential, account: answer.me.account, unverified: null }
    : { credential, account: null, unverified: answer.reason }
}

function alreadySignedIn(
  stored: StillGood,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Result {
  warnOfEnvironment(settings, context)
  const { credential, account, unverified, byOther } = stored
  const who = account === null ? "" : ` as ${printable(account.email)}`
  const until = credential.expiresAt === null ? "" : `, until ${moment(credential.expiresAt, context.now())}`
  return {
    data: {
      status: "already_signed_in",
      account,
      verified: unverified === null,
      ...(unverified === null ? {} : { reason: unverified }),
      ...(byOther ? { signedInBy: "another command" } : {}),
      expiresAt: credential.expiresAt,
      authToken: context.flags.reveal ? credential.token : maskSecret(credential.token),
      storedIn: config.path,
      server: credential.server ?? settings.authUrl,
    },
    text: (style) =>
      [
        byOther
          ? `${style.green("✓")} Signed in by another command${who}${until}.\n`
          : `${style.green("✓")} Already signed in${who}${until}.\n`,
        unverified === null ? "" : `  The server could not confirm it: ${unverified}\n`,
        byOther ? "" : `  To sign in anew: ${style.bold("alchemy auth login --force")}\n`,
      ].join(""),
    sentenceOnly: true,
  }
}

function signedIn(
  login: LoginResult,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Result {
  warnOfEnvironment(settings, context)
  const { credential, account, sessionId } = login
  const { expiresAt } = credential
  if (hasPassed(expiresAt, context.now())) {
    context.report.warning(
      "By the clock of this machine the new sign-in has expired already, so commands will not use it. Set the clock, then go on.",
    )
  }
  return {
    data: {
      status: "signed_in",
      account,
      sessionId,
      expiresAt,
      authToken: context.flags.reveal ? credential.token : maskSecret(credential.token),
      storedIn: config.path,
      server: credential.server ?? settings.authUrl,
    },
    text: (style) =>
      `${style.green("✓")} Signed in as ${style.bold(printable(account.email))}.\n${fields(
        [
          ["until", expiresAt === null ? undefined : moment(expiresAt, context.now())],
          ["kept in", config.store.description],
          ["token", context.flags.reveal ? credential.token : undefined],
        ],
        style,
      )}`,
    sentenceOnly: !context.flags.reveal,
  }
}

function warnOfEnvironment(settings: Settings, context: CommandContext): void {
  if (settings.accessKey !== null) {
    context.report.warning(
      `An access key is set (${settings.accessKey.origin}); commands use it before this sign-in.`,
    )
  }
  if (context.env.ALCHEMY_AUTH_TOKEN) {
    context.report.warning("ALCHEMY_AUTH_TOKEN is set; commands use it before this sign-in.")
  }
}
