import type { SignInEvent } from "@authchemy/cli-sign-in"
import type { CommandContext } from "../command.ts"
import { span } from "../output/time.ts"

const PORT_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use",
  EACCES: "may not be used",
}

/** Says what happens during a sign-in, as it happens. `asks`: Enter will open the browser. `verbose`: say what was ignored, too. */
export function signInProgress(
  { report }: Pick<CommandContext, "report">,
  options: { asks: boolean; verbose: boolean },
): (event: SignInEvent) => void {
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
      case "approval": {
        const seconds = Math.ceil(event.timeoutMs / 1000)
        report.always(
          { event: "approval", url: event.url, phrase: event.phrase, timeoutSeconds: seconds },
          (style) =>
            [
              "Open this address in a browser to sign in:",
              "",
              style.link(event.url),
              "",
              "Approve there only if the page shows these words:",
              "",
              `  ${style.bold(event.phrase)}`,
              "",
              `Waiting for your approval, at most ${span(event.timeoutMs)}. Ctrl-C stops.`,
              ...(options.asks ? ["Press Enter to open the browser."] : []),
            ].join("\n"),
        )
        break
      }
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
