import type {
  Kept,
  LoginOptions,
  LoginResult,
  PendingRevocation,
  UnfinishedSignIn,
} from "@authchemy/cli-sign-in"
import type { CommandContext } from "../command.ts"
import { type ConfigFile, keychainFailure } from "../config/file.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { proxyFor } from "../network/proxy-from-env.ts"
import { waitForEnter } from "../output/enter.ts"
import { isAnythingPending, signInLockOf } from "../pending-revocations.ts"
import { CLIENT_NAME } from "../version.ts"
import { type Replaced, supersededBy } from "./replaced-session.ts"

/** How long a person has for the approval where `--timeout` says nothing, in milliseconds. */
const APPROVAL_TIMEOUT_MS = 5 * 60_000

/** `ask`: once Enter is pressed; `open`: at once; `never`: the person opens the address. */
export type BrowserChoice = "ask" | "open" | "never"

/**
 * How a person signs in: at an address in a browser on this machine, by a code on any device, or by whichever
 * of both comes first.
 */
export type SignInWay = { flow: "browser"; browser: BrowserChoice } | { flow: "device" } | { flow: "either" }

export type SignInRequest = {
  way: SignInWay
  expiresInSeconds?: number | undefined
  port?: number | undefined
  /** The sign-in that is stored, which the new one replaces. */
  replaced?: Replaced | null
}

/** A sign-in that has come about, and where its token is kept. */
export type SignedIn = LoginResult & { kept: Kept }

/**
 * Runs `work` while no other process of this configuration signs in. `onWait` is called once where it has to wait.
 * @throws CLIError `LOGIN_TIMEOUT` where the other one does not end in time, `CREDENTIAL_STORE_ERROR` where there can be no lock
 */
export async function withSignInLock<T>(
  config: ConfigFile,
  context: CommandContext,
  work: () => Promise<T>,
): Promise<T> {
  const [{ LockTimeoutError, withFileLock }, { signInFailure }] = await Promise.all([
    import("@authchemy/cli-sign-in"),
    import("./sign-in-errors.ts"),
  ])
  // Whoever holds the lock gives up after its own limit, so a little more than that is always enough.
  const waitMs = (context.flags.timeoutMs ?? APPROVAL_TIMEOUT_MS) + 60_000
  const onWait = () =>
    context.report.progress(
      { event: "waiting" },
      () => "Another sign-in on this machine is under way; waiting.",
    )
  let held = false
  try {
    return await withFileLock(signInLockOf(config.path), { waitMs, onWait, signal: context.signal }, () => {
      held = true
      return work()
    })
  } catch (cause) {
    if (context.signal.aborted) throw new CLIError("INTERRUPTED", "Interrupted.", { cause })
    if (!held && !(cause instanceof LockTimeoutError)) throw config.failure("written", cause)
    throw signInFailure(cause)
  }
}

/**
 * How to sign in, by the flags of `auth login`. Where no browser can be opened here, the person's may be on
 * another machine.
 */
export async function signInWay(
  wish: { yes: boolean; browser: boolean; device: boolean },
  context: CommandContext,
): Promise<SignInWay> {
  if (wish.device) return { flow: "device" }
  if (!wish.browser) return { flow: "browser", browser: "never" }
  if (!(await context.canOpenBrowser())) return { flow: "either" }
  if (wish.yes) return { flow: "browser", browser: "open" }
  return { flow: "browser", browser: context.flags.interactive ? "ask" : "never" }
}

/** What each way of signing in shares: its notes, how it is saved, and the edge of the process. */
export function storedLogin(
  replaced: Replaced | null,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
) {
  const supersedes = supersededBy(replaced, settings, context)
  let kept: Kept = { in: "file" }
  const { store } = config
  const { signal, fetch, now, delay } = context
  return {
    options: {
      timeoutMs: context.flags.timeoutMs ?? APPROVAL_TIMEOUT_MS,
      save: async ({ credential, account, attemptId }: LoginResult) => {
        const more = { account, finishes: attemptId, ...(supersedes === null ? {} : { supersedes }) }
        kept = await store.save(credential, more)
      },
      notes: {
        note: (unfinished: UnfinishedSignIn) => store.noteUnfinishedSignIn(unfinished),
        forget: (id: string) => store.forgetUnfinishedSignIn(id),
        owe: (pending: PendingRevocation) => store.addPendingRevocation(pending),
      },
      ...{ signal, fetch, now },
      ...(delay === undefined ? {} : { delay }),
    },
    kept: () => kept,
  }
}

/**
 * One sign-in; the credential is stored when it resolves. The caller holds the sign-in lock.
 * @throws CLIError
 */
export async function signIn(
  request: SignInRequest,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<SignedIn> {
  const [login, { signInFailure }, { signInProgress }] = await Promise.all([
    import("@authchemy/cli-sign-in"),
    import("./sign-in-errors.ts"),
    import("./sign-in-progress.ts"),
  ])
  await checkKeeper(config)
  // A proxy that cannot be used would be found out only after the person has approved.
  proxyFor(new URL(settings.authUrl), context.env)
  const { way, expiresInSeconds, port, replaced = null } = request
  const stored = storedLogin(replaced, settings, config, context)
  const browser = way.flow === "browser" ? way.browser : "never"
  const { verbose } = settings
  const options: LoginOptions = {
    authUrl: settings.authUrl,
    client: CLIENT_NAME,
    device: { name: context.hostname, os: context.osName },
    onEvent: signInProgress(context, { flow: way.flow, asks: browser === "ask", verbose }),
    randomBytes: context.randomBytes,
    ...stored.options,
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  }
  const listening = port === undefined ? {} : { port }
  const perform = () => {
    if (way.flow === "device") return login.performDeviceLogin(options)
    if (way.flow === "either") return login.performBrowserOrDeviceLogin({ ...options, ...listening })
    const openBrowser = browser === "never" ? null : openWhen(browser, context)
    return login.performBrowserLogin({ ...options, ...listening, openBrowser })
  }
  try {
    return { ...(await perform()), kept: stored.kept() }
  } catch (cause) {
    await retryApart(config, context)
    throw signInFailure(cause)
  }
}

/** A sign-in whose token could not be kept is not begun. @throws CLIError `CREDENTIAL_STORE_ERROR` */
export async function checkKeeper(config: ConfigFile): Promise<void> {
  await config.store.check().catch((cause: unknown) => {
    throw keychainFailure(cause)
  })
}

/** Where something has still to reach a server, it is brought there apart from this command. */
export async function retryApart(config: ConfigFile, context: CommandContext): Promise<void> {
  const pending = await isAnythingPending(config.store, context.serverNow()).catch(() => false)
  if (pending) context.runDetached(["auth", "deliver"])
}

function openWhen(browser: "ask" | "open", context: CommandContext) {
  return async (url: string, signal: AbortSignal) => {
    if (browser === "ask") await waitForEnter(context.stdin, signal)
    await context.openBrowser(url)
  }
}

/** The sign-in after a 401: says why, signs in, and returns the new token. The caller holds the sign-in lock. */
export async function signInAgain(
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<string> {
  context.report.note("The server no longer accepts the stored sign-in.\n")
  const way = await signInWay({ yes: false, browser: true, device: false }, context)
  // What the server has refused needs no end, so nothing is replaced.
  return (await signIn({ way }, settings, config, context)).credential.token
}
