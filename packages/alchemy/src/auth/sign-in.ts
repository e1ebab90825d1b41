import type { LoginResult } from "@authchemy/cli-sign-in"
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

export type SignInRequest = {
  browser: BrowserChoice
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

/** Where the browser may be opened, by the flags of `auth login`. */
export async function browserChoice(
  wish: { yes: boolean; browser: boolean },
  context: CommandContext,
): Promise<BrowserChoice> {
  if (!wish.browser || !(await context.canOpenBrowser())) return "never"
  if (wish.yes) return "open"
  return context.flags.interactive ? "ask" : "never"
}

/**
 * One sign-in through the browser; the credential is stored when it resolves. The caller holds the sign-in lock.
 * @throws CLIError
 */
export async function signInThroughBrowser(
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
  const [{ performBrowserLogin }, { signInFailure }, { signInProgress }] = await Promise.all([
    import("@authchemy/cli-sign-in"),
    import("./sign-in-errors.ts"),
    import("./sign-in-progress.ts"),
  ])
  const { browser, expiresInSeconds, port } = request
  try {
    return await performBrowserLogin({
      authUrl: settings.authUrl,
      client: CLIENT_NAME,
      device: { name: context.hostname, os: context.osName },
      timeoutMs: context.flags.timeoutMs ?? APPROVAL_TIMEOUT_MS,
      openBrowser:
        browser === "never"
          ? null
          : async (url, signal) => {
              if (browser === "ask") await waitForEnter(context.stdin, signal)
              await context.openBrowser(url)
            },
      save: (login) => config.store.save(login.credential),
      onEvent: signInProgress(context, { asks: browser === "ask", verbose: settings.verbose }),
      signal: context.signal,
      fetch: context.fetch,
      now: context.now,
      randomBytes: context.randomBytes,
      ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
      ...(port === undefined ? {} : { port }),
    })
  } catch (cause) {
    throw signInFailure(cause)
  }
}

/** The sign-in after a 401: says why, signs in, and returns the new token. The caller holds the sign-in lock. */
export async function signInAgain(
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<string> {
  context.report.note("The server no longer accepts the stored sign-in.\n")
  const browser = await browserChoice({ yes: false, browser: true }, context)
  return (await signInThroughBrowser({ browser }, settings, config, context)).credential.token
}
