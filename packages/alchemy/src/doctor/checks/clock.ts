import { skewOf, skewWarning } from "../../network/server-clock.ts"
import { type Check, NotLookedAt } from "../check.ts"

const HOW_TO_SET: Partial<Record<NodeJS.Platform, string>> = {
  linux: "`sudo timedatectl set-ntp true` sets it by the network.",
  darwin: "`sudo sntp -sS time.apple.com` sets it.",
  win32: "`w32tm /resync`, as an administrator, sets it.",
}

/** This machine's clock against the auth server's: codes, expiry and certificates are judged by time. */
export const clock: Check = {
  id: "clock",
  title: "clock",
  asksServers: true,
  look: async (patient) => {
    const answer = await patient.authServer()
    if (!answer.reached) throw new NotLookedAt("the auth server did not answer")
    const { headers, sent, received } = answer
    const skewMs = skewOf(headers, sent, received)
    const lookedAt = "this machine's time against the Date of the auth server"
    if (skewMs === undefined) {
      return { lookedAt, found: "not known: the server does not say what time it is", verdict: "ok" }
    }
    if (skewMs === 0)
      return { lookedAt, found: "it agrees with the server's to within a minute", verdict: "ok" }
    const [found = ""] = skewWarning(skewMs).split(". ")
    const todo = HOW_TO_SET[patient.context.platform] ?? "Set it by the network."
    return { lookedAt, found: found.replace(/^This/, "this"), verdict: "problem", todo }
  },
}
