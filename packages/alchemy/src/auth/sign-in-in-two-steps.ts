import {
  beginDeviceLogin,
  completeDeviceLogin,
  type StoredSignIn,
  type UnfinishedDeviceSignIn,
} from "@authchemy/cli-sign-in"
import type { CommandContext, Result } from "../command.ts"
import { type ConfigFile, openConfigFile } from "../config/file.ts"
import { sameServer } from "../config/server-urls.ts"
import { resolveSettings, type Settings } from "../config/settings.ts"
import { contextWith } from "../context.ts"
import { CLIError } from "../errors.ts"
import { fields } from "../output/table.ts"
import { span } from "../output/time.ts"
import { CLIENT_NAME } from "../version.ts"
import { endReplacedSession, toBeReplaced } from "./replaced-session.ts"
import { checkKeeper, retryApart, type SignedIn, storedLogin, withSignInLock } from "./sign-in.ts"
import { signInFailure } from "./sign-in-errors.ts"

/**
 * The first step, for where nobody can be waited for: a code to approve, and a handle with which `--complete` finishes the
 * sign-in. Nothing is waited for, and no browser is opened.
 */
export async function beginSignIn(
  wish: { expiresInSeconds: number | undefined },
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<Result> {
  await checkKeeper(config)
  const { fetch, now, randomBytes, signal, hostname, osName } = context
  const { expiresInSeconds } = wish
  const begun = await beginDeviceLogin({
    authUrl: settings.authUrl,
    client: CLIENT_NAME,
    device: { name: hostname, os: osName },
    ...{ fetch, now, randomBytes, signal },
  }).catch((cause: unknown) => {
    throw signInFailure(cause)
  })
  const { unfinished, userCode, verificationUri, verificationUriComplete, phrase } = begun
  const handedOut = {
    profile: config.profile.name,
    userCode,
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  }
  await config.store.noteUnfinishedSignIn({ ...unfinished, handedOut })
  const { id: handle, expiresAt } = unfinished
  const url = verificationUriComplete ?? verificationUri
  const complete = `alchemy auth login --complete ${handle}`
  return {
    data: {
      status: "approval_needed",
      url,
      code: userCode,
      verificationUri,
      phrase,
      expiresAt,
      profile: config.profile.name,
      handle,
      complete,
    },
    text: (style) =>
      [
        "Open this address in any browser, and approve there:\n\n",
        `  ${style.link(url)}\n\n`,
        fields(
          [
            ["code", userCode],
            ["words", phrase],
            ["good for", span(Date.parse(expiresAt) - now())],
          ],
          style,
        ),
        `\n  Next: ${style.bold(complete)}\n`,
      ].join(""),
  }
}

/**
 * The second step: waits for the approval of a sign-in that was begun, and stores its token in the profile that began it. All
 * goes to the server at which it was begun, whatever is configured for the command that completes it.
 */
export async function completeSignIn(
  handle: string,
  config: ConfigFile,
  context: CommandContext,
): Promise<{
  login: SignedIn & { before: StoredSignIn | null }
  settings: Settings
  profile: ConfigFile
}> {
  const begun = await begunSignIn(handle, config)
  const { profile, settings } = await whereItBegan(begun, config, context)
  return withSignInLock(config, context, async () => {
    // Another process may have completed it while this one waited.
    const unfinished = await begunSignIn(handle, config)
    const replaced = await toBeReplaced(profile.store)
    const stored = storedLogin(replaced, settings, profile, context)
    try {
      const { userCode, expiresInSeconds } = unfinished.handedOut ?? {}
      context.report.progress({ event: "waiting_for_approval", code: userCode }, () =>
        userCode === undefined ? "Waiting for the approval…" : `Waiting for the approval of ${userCode}…`,
      )
      const wish = expiresInSeconds === undefined ? {} : { expiresInSeconds }
      const login = await completeDeviceLogin(unfinished, { ...stored.options, ...wish })
      if (replaced !== null) await endReplacedSession(replaced, login, settings, profile, context)
      return { login: { ...login, kept: stored.kept(), before: replaced?.signIn ?? null }, settings, profile }
    } catch (cause) {
      await retryApart(profile, context)
      throw signInFailure(cause)
    }
  })
}

/** The profile that began it, and its settings, with the server of the sign-in in place of any other. */
async function whereItBegan(
  { server, handedOut }: UnfinishedDeviceSignIn,
  config: ConfigFile,
  context: CommandContext,
): Promise<{ profile: ConfigFile; settings: Settings }> {
  const name = handedOut?.profile ?? config.profile.name
  const withFlags = (flags: Partial<CommandContext["flags"]>) =>
    contextWith(context, { flags: { ...context.flags, ...flags } })
  const inProfile = withFlags({ profile: name })
  const profile =
    name === config.profile.name
      ? config
      : await openConfigFile(inProfile, (warning) => context.report.warning(warning))
  const values = await profile.values()
  const settings = resolveSettings(values, inProfile)
  return {
    profile,
    settings: sameServer(settings.authUrl, server)
      ? settings
      : resolveSettings(values, withFlags({ profile: name, authUrl: server })),
  }
}

async function begunSignIn(handle: string, config: ConfigFile): Promise<UnfinishedDeviceSignIn> {
  const unfinished = await config.store.unfinishedSignIns()
  const one = unfinished.find(({ id }) => id === handle)
  if (one?.kind === "device" && one.handedOut !== undefined && !one.lost) return one
  throw new CLIError(
    "NOT_FOUND",
    "There is no sign-in with this handle to complete, or it has been completed.",
    {
      hint: "Run `alchemy auth status`, or begin anew with `alchemy auth login --no-interactive`.",
    },
  )
}
