import type { LoginOptions, LoginResult } from "@authchemy/cli-sign-in"
import type { CommandContext } from "../command.ts"
import type { ConfigFile } from "../config/file.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { waitForEnter } from "../output/enter.ts"
import { CLIENT_NAME } from "../version.ts"

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
}

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
    return await withFileLock(
      `${config.path}.sign-in.lock`,
      { waitMs, onWait, signal: context.signal },
      () => {
        held = true
        return work()
      },
    )
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

/**
 * One sign-in; the credential is stored when it resolves. The caller holds the sign-in lock.
 * @throws CLIError
 */
export async function signIn(
  request: SignInRequest,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<LoginResult> {
  if ((await config.json.read())["credential-store"] === "keychain") {
    throw new CLIError(
      "CREDENTIAL_STORE_ERROR",
      "credential-store is keychain, which this version does not have.",
      {
        hint: "Run `alchemy config set credential-store file`.",
      },
    )
  }
  const [login, { signInFailure }, { signInProgress }] = await Promise.all([
    import("@authchemy/cli-sign-in"),
    import("./sign-in-errors.ts"),
    import("./sign-in-progress.ts"),
  ])
  const { way, expiresInSeconds, port } = request
  const browser = way.flow === "browser" ? way.browser : "never"
  const { verbose } = settings
  const options: LoginOptions = {
    authUrl: settings.authUrl,
    client: CLIENT_NAME,
    device: { name: context.hostname, os: context.osName },
    timeoutMs: context.flags.timeoutMs ?? APPROVAL_TIMEOUT_MS,
    save: ({ credential }) => config.store.save(credential),
    onEvent: signInProgress(context, { flow: way.flow, asks: browser === "ask", verbose }),
    signal: context.signal,
    fetch: context.fetch,
    now: context.now,
    randomBytes: context.randomBytes,
    ...(context.delay === undefined ? {} : { delay: context.delay }),
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  }
  const listening = port === undefined ? {} : { port }
  try {
    if (way.flow === "device") return await login.performDeviceLogin(options)
    if (way.flow === "either") return await login.performBrowserOrDeviceLogin({ ...options, ...listening })
    return await login.performBrowserLogin({
      ...options,
      ...listening,
      openBrowser: browser === "never" ? null : openWhen(browser, context),
    })
  } catch (cause) {
    throw signInFailure(cause)
  }
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
  return (await signIn({ way }, settings, config, context)).credential.token
}
