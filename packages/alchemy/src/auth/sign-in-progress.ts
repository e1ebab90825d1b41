import type { SignInEvent } from "@authchemy/cli-sign-in"
import type { CommandContext } from "../command.ts"
import { type Approval, approvalScreen, type DeviceCode, deviceScreen } from "./sign-in-screen.ts"

const PORT_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use",
  EACCES: "may not be used",
}

/** The ways to sign in of which one attempt is made: `either` is both at once. */
export type Flow = "browser" | "device" | "either"

type Voice = Pick<CommandContext, "report"> & {
  flags: Pick<CommandContext["flags"], "json">
  stderr: { isTTY?: boolean; rows?: number }
  env: CommandContext["env"]
}

/**
 * Says what happens during a sign-in, as it happens. Where both flows run, people are shown both on one
 * screen, once it is known what there is to show; programs get each event at once. `asks`: Enter will open
 * the browser. `verbose`: say what was ignored, too.
 */
export function signInProgress(
  context: Voice,
  options: { flow: Flow; asks: boolean; verbose: boolean },
): (event: SignInEvent) => void {
  const { report } = context
  const show = screen(context, options)
  return (event) => {
    switch (event.type) {
      case "listening":
        if (event.fallback !== undefined) {
          report.progress(
            {
              event: "listening",
              port: event.port,
              preferredPort: event.preferredPort,
              reason: event.fallback,
            },
            () =>
              `Port ${event.preferredPort} ${PORT_REASONS[event.fallback ?? ""] ?? `cannot be used (${event.fallback})`}; listening on ${event.port}.`,
          )
        }
        break
      case "approval":
        show({ approval: event })
        break
      case "device-code":
        show({ code: event })
        break
      case "flow-ended":
        sayEnded(event, context, options, show)
        break
      case "browser-opened":
        report.progress({ event: "browser_opened" }, () => "The browser has been asked to open the address.")
        break
      case "browser-failed":
        report.warning(`The browser could not be opened (${event.reason}). Open the address above yourself.`)
        break
      case "request-ignored":
        if (options.verbose) report.detail(`A request that is not the answer was ignored: ${event.reason}`)
        break
      case "exchanging":
        report.progress({ event: "exchanging" }, () => "Approved. Fetching the token…")
        break
      case "stored":
        break
    }
  }
}

/** What is known of either flow: what to show of it, or `null` where there is none (any more). */
type Known = { approval?: Approval | null; code?: DeviceCode | null }

/** Takes what becomes known, and shows it once both are. Returns whether it has been shown. */
function screen(context: Voice, options: { flow: Flow; asks: boolean }): (more: Known) => boolean {
  const { report, flags, stderr, env } = context
  const known: Known = {
    ...(options.flow === "device" ? { approval: null } : {}),
    ...(options.flow === "browser" ? { code: null } : {}),
  }
  let shown = false
  return (more) => {
    Object.assign(known, more)
    if (flags.json) {
      for (const event of [more.approval, more.code]) if (event) report.always(asJson(event), () => "")
    }
    const { approval, code } = known
    if (shown || approval === undefined || code === undefined) return shown
    shown = true
    const event = code ?? approval
    if (flags.json || event === null) return shown
    const terminal = stderr.isTTY === true && env.TERM !== "dumb" ? { rows: stderr.rows || 24 } : null
    report.always(asJson(event), (style) => {
      if (code !== null) return deviceScreen(code, approval, style, terminal)
      return approval === null ? "" : approvalScreen(approval, style, options.asks)
    })
    return shown
  }
}

function asJson(event: Approval | DeviceCode) {
  const timeoutSeconds = Math.ceil(event.timeoutMs / 1000)
  const { phrase } = event
  if (event.type === "approval") return { event: "approval", url: event.url, phrase, timeoutSeconds }
  const { userCode, verificationUri, verificationUriComplete } = event
  return { event: "device_code", userCode, verificationUri, verificationUriComplete, phrase, timeoutSeconds }
}

/**
 * A flow that was never shown, because the server or the machine has nothing for it, is a detail; one that
 * people may be about to use is not.
 */
function sayEnded(
  { flow, error }: Extract<SignInEvent, { type: "flow-ended" }>,
  { report, flags }: Voice,
  { verbose }: { verbose: boolean },
  show: (more: Known) => boolean,
): void {
  const wasShown = show({})
  if (flags.json) {
    report.progress({ event: "flow_ended", flow, code: error.code, message: error.message }, () => "")
  } else if (wasShown) {
    const rest = flow === "device" ? "address" : "code"
    report.warning(`${error.message} The ${rest} above still works.`)
  } else if (flow === "device" && error.details?.unsupported !== true) {
    report.warning(`There is no code for another device: ${error.message}`)
  } else if (verbose) {
    report.detail(error.message)
  }
  show(flow === "device" ? { code: null } : { approval: null })
}
