import type { Kept, LoginResult, StoredSignIn } from "@authchemy/cli-sign-in"
import type { AccountSummary } from "@authchemy/protocol"
import { ASK_TIMEOUT_MS, askServer } from "../../auth/ask-server.ts"
import { endReplacedSession, toBeReplaced } from "../../auth/replaced-session.ts"
import { hasPassed, originOf } from "../../auth/resolve-auth-token.ts"
import { selectAppAfterSignIn } from "../../auth/select-app.ts"
import { signIn, signInWay, withSignInLock } from "../../auth/sign-in.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import type { ConfigFile } from "../../config/file.ts"
import { sameServer } from "../../config/server-urls.ts"
import { resolveSettings, type Settings } from "../../config/settings.ts"
import { CLIError } from "../../errors.ts"
import { durationInSeconds, textFlag, wholeNumber } from "../../flags.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import { fields } from "../../output/table.ts"
import { moment } from "../../output/time.ts"

export type LoginOptions = {
  force: boolean
  yes: boolean
  browser: boolean
  device: boolean
  withToken: boolean
  /** The handle of a sign-in that was begun with `--no-interactive`. */
  complete: string | undefined
  expiresInSeconds: number | undefined
  port: number | undefined
}

export const command: Command<LoginOptions> = {
  parse: (_operands, raw) => ({
    force: raw.force === true,
    yes: raw.yes === true,
    browser: raw.browser !== false,
    device: raw.device === true,
    withToken: raw.withToken === true,
    complete: textFlag(raw.complete, "--complete"),
    expiresInSeconds: durationInSeconds(raw.expiresIn, "--expires-in"),
    port: wholeNumber(raw.port, "--port", { least: 0, most: 65_535 }),
  }),
  run: loginRun,
}

/**
 * Signs in through the browser or by code, unless a sign-in is stored that is still good. With `--no-interactive` it only
 * begins, and `--complete` finishes; with `--with-token` a token from stdin is stored.
 */
export async function loginRun(options: LoginOptions, context: CommandContext): Promise<Result> {
  const config = await context.config()
  if (options.complete !== undefined) {
    const { completeSignIn } = await import("../../auth/sign-in-in-two-steps.ts")
    const { login, settings, profile } = await completeSignIn(options.complete, config, context)
    return signedIn(login, settings, profile, context)
  }
  const settings = resolveSettings(await config.values(), context)
  const before = await config.store.signIn()
  if (options.withToken) {
    const { signInWithToken } = await import("../../auth/sign-in-with-token.ts")
    const login = await signInWithToken(settings, config, context)
    return signedIn({ ...login, before }, settings, config, context)
  }
  if (!options.force) {
    const stored = await stillGood(before, settings, config, context)
    if (stored !== null) return alreadySignedIn(stored, settings, config, context)
  }
  if (context.flags.nobodyThere) {
    const { beginSignIn } = await import("../../auth/sign-in-in-two-steps.ts")
    return beginSignIn(options, settings, config, context)
  }
  const outcome = await withSignInLock(config, context, async () => {
    const now = await config.store.signIn()
    if (now !== null && now.digest !== before?.digest) {
      const stored = await stillGood(now, settings, config, context)
      if (stored !== null) return { ...stored, byOther: true as const }
    }
    const replaced = await toBeReplaced(config.store)
    const way = await signInWay(options, context)
    const { expiresInSeconds, port } = options
    const login = await signIn({ way, expiresInSeconds, port, replaced }, settings, config, context)
    if (replaced !== null) await endReplacedSession(replaced, login, settings, config, context)
    return { ...login, before: now }
  })
  // Whoever chooses an app holds up no other sign-in.
  return "byOther" in outcome
    ? alreadySignedIn(outcome, settings, config, context)
    : signedIn(outcome, settings, config, context)
}

type StillGood = {
  token: string
  signIn: StoredSignIn
  account: AccountSummary | null
  unverified: string | null
  byOther?: true
}

/**
 * The stored sign-in, where it is for this server, has not expired, and the server does not refuse it. One in a keychain that
 * cannot be read is of no use.
 */
async function stillGood(
  signIn: StoredSignIn | null,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<StillGood | null> {
  if (signIn === null || hasPassed(signIn.expiresAt, context.serverNow())) return null
  if (signIn.server !== null && !sameServer(signIn.server, settings.authUrl)) return null
  const credential = await config.loadCredential().catch((error: unknown) => {
    if (!(error instanceof CLIError) || signIn.keptIn === "file") throw error
    context.report.warning(`${error.message} The sign-in that it keeps will be replaced.`)
    return null
  })
  if (credential === null) return null
  const { token } = credential
  const origin = originOf(signIn.keptIn)
  const answer = await askServer({ token, origin, timeoutMs: ASK_TIMEOUT_MS }, settings, context)
  if (answer.says === "refused") return null
  return answer.says === "accepted"
    ? { token, signIn, account: answer.me.account, unverified: null }
    : { token, signIn, account: signIn.account, unverified: answer.reason }
}

function alreadySignedIn(
  stored: StillGood,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Result {
  warnOfEnvironment(settings, context)
  const { token, signIn: kept, account, unverified, byOther } = stored
  const who = account === null ? "" : ` as ${printable(account.email)}`
  const until = kept.expiresAt === null ? "" : `, until ${moment(kept.expiresAt, context.serverNow())}`
  return {
    data: {
      status: "already_signed_in",
      account,
      profile: config.profile.name,
      verified: unverified === null,
      ...(unverified === null ? {} : { reason: unverified }),
      ...(byOther ? { signedInBy: "another command" } : {}),
      expiresAt: kept.expiresAt,
      authToken: context.flags.reveal ? token : maskSecret(token),
      keptIn: kept.keptIn,
      storedIn: kept.keptIn === "file" ? config.path : config.store.descriptionOf("keychain"),
      server: kept.server ?? settings.authUrl,
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

/** @param login.before the sign-in that was stored until now */
async function signedIn(
  login: LoginResult & { kept: Kept; before: StoredSignIn | null },
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<Result> {
  warnOfEnvironment(settings, context)
  const { credential, account, sessionId, kept } = login
  const { expiresAt } = credential
  const app = await selectAppAfterSignIn(login, settings, config, context)
  const unused =
    kept.keychain === undefined ? undefined : `the keychain could not be used: ${kept.keychain.message}`
  return {
    data: {
      status: "signed_in",
      account,
      profile: config.profile.name,
      sessionId,
      expiresAt,
      authToken: context.flags.reveal ? credential.token : maskSecret(credential.token),
      keptIn: kept.in,
      ...(unused === undefined ? {} : { keychain: unused }),
      storedIn: kept.in === "file" ? config.path : config.store.descriptionOf("keychain"),
      server: credential.server ?? settings.authUrl,
      app: app?.id ?? null,
    },
    text: (style) =>
      `${style.green("✓")} Signed in as ${style.bold(printable(account.email))}.\n${fields(
        [
          ["profile", config.profile.name === "default" ? undefined : config.profile.name],
          ["until", expiresAt === null ? undefined : moment(expiresAt, context.serverNow())],
          ["kept in", config.store.descriptionOf(kept.in)],
          ["because", unused],
          ["app", app === null ? undefined : app.name === undefined ? app.id : `${app.name} (${app.id})`],
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
