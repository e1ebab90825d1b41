import { loginByBrowser } from "./browser-login.ts"
import { loginByDevice } from "./device-login.ts"
import { SignInError } from "./errors.ts"
import { type LoginOptions, type LoginResult, newAttempt } from "./login.ts"
import { cancelled } from "./request-failures.ts"
import { parseServerUrl } from "./server-url.ts"

export type BrowserOrDeviceLoginOptions = LoginOptions & {
  /** Where the browser's answer is listened for. Default AUTH_PORT. 0: any. */
  port?: number
}

/**
 * Signs a person in by whichever comes first: the address in a browser on this machine (no browser is
 * opened), or the code on any other device. Both flows share one verifier, so both show one phrase. The first
 * credential is saved; the other flow is stopped and leaves nothing behind: its listener is closed, and a
 * session that it still got is ended. A flow that cannot go on is reported as `flow-ended`, and the other
 * goes on alone, unless the person said no, or the credential could not be saved: that ends both.
 *
 * @throws SignInError
 */
export async function performBrowserOrDeviceLogin(
  options: BrowserOrDeviceLoginOptions,
): Promise<LoginResult> {
  parseServerUrl(options.authUrl)
  if (options.signal?.aborted) throw cancelled()
  const settled = new AbortController()
  const attempt = { ...newAttempt(options), settled: settled.signal }
  const errors: unknown[] = []

  const save = async (login: LoginResult) => {
    if (settled.signal.aborted) throw cancelled()
    settled.abort()
    await options.save(login)
  }
  const failed = (error: unknown) => {
    errors.push(error)
    if (endsBoth(error)) settled.abort()
  }
  const run = async (flow: "browser" | "device", login: () => Promise<LoginResult>) => {
    try {
      return await login()
    } catch (error) {
      failed(error)
      if (settled.signal.aborted || errors.length > 1 || !isWorthTelling(error)) return undefined
      try {
        options.onEvent?.({ type: "flow-ended", flow, error })
      } catch (failure) {
        failed(failure)
      }
      return undefined
    }
  }

  const logins = await Promise.all([
    run("browser", () => loginByBrowser({ ...options, save, openBrowser: null }, attempt)),
    run("device", () => loginByDevice({ ...options, save }, attempt)),
  ])
  const login = logins.find((result) => result !== undefined)
  if (login === undefined) throw errorOf(errors)
  return login
}

/**
 * Whether there is nothing left that the other flow could do: the person said no, nothing can be saved, or
 * our caller has failed or stopped it.
 */
function endsBoth(error: unknown): boolean {
  return !(error instanceof SignInError) || ["denied", "storage", "aborted"].includes(error.code)
}

/** Not where the time for the whole is over: the other flow is about to say the same. */
function isWorthTelling(error: unknown): error is SignInError {
  return error instanceof SignInError && !(error.code === "timeout" && "timeoutMs" in (error.details ?? {}))
}

/**
 * The error that says best why nobody is signed in: what ended both, else the last one that is not of a
 * server without a device flow.
 */
function errorOf(errors: unknown[]): unknown {
  const isAborted = (error: unknown) => error instanceof SignInError && error.code === "aborted"
  const decisive = errors.find((error) => endsBoth(error) && !isAborted(error))
  const offered = errors.filter((error) => !(error instanceof SignInError && error.details?.unsupported))
  return decisive ?? offered.at(-1) ?? errors.at(-1)
}
