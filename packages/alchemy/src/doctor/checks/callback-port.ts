import { AUTH_PORT } from "@authchemy/protocol"
import { codeIn } from "../../network/network-failure.ts"
import { printable } from "../../output/printable.ts"
import type { Check, Finding } from "../check.ts"
import { excludedPortRanges, rangeOf } from "../excluded-ports.ts"
import type { Patient } from "../patient.ts"
import type { LoopbackAddress } from "../probes.ts"

const BOTH: readonly LoopbackAddress[] = ["127.0.0.1", "::1"]
const NETSH = ["int", "ipv4", "show", "excludedportrange", "protocol=tcp"]
const NETSH_TIMEOUT_MS = 1500

/** Whether the port is free that a sign-in prefers for the browser's answer. It takes another where it is not. */
export const callbackPort: Check = {
  id: "callback-port",
  title: "callback port",
  look: async (patient) => {
    const lookedAt = `port ${AUTH_PORT} on 127.0.0.1 and ::1`
    for (const host of BOTH) {
      const code = await failureOf(AUTH_PORT, host, patient)
      if (code === "EADDRINUSE") return { lookedAt, ...(await taken(host, patient)) }
      if (code === "EACCES") return { lookedAt, ...(await kept(patient)) }
    }
    return { lookedAt, found: `${AUTH_PORT} is free`, verdict: "ok" }
  },
}

/** The code of the error where a port cannot be listened on; a family that the machine does not have is no failure. */
async function failureOf(port: number, host: LoopbackAddress, { probes }: Patient): Promise<string> {
  try {
    await (await probes.listen(port, host)).close()
    return ""
  } catch (error) {
    return codeIn(error)
  }
}

type Found = Pick<Finding, "found" | "verdict" | "todo">

const ANOTHER = "Sign-in takes another port by itself."

async function taken(host: LoopbackAddress, { probes }: Patient): Promise<Found> {
  const holder = await probes.holderOf(AUTH_PORT).catch(() => null)
  const whom = holder === null ? "another program" : `${printable(holder.name, 40)} (process ${holder.pid})`
  const where =
    holder === null ? "" : ` Where the server wants this one, end the process ${holder.pid} first.`
  return { found: `${AUTH_PORT} is taken on ${host} by ${whom}`, verdict: "note", todo: `${ANOTHER}${where}` }
}

async function kept({ context, probes }: Patient): Promise<Found> {
  const output =
    context.platform === "win32" ? await probes.run("netsh", NETSH, NETSH_TIMEOUT_MS).catch(() => "") : ""
  const range = rangeOf(AUTH_PORT, excludedPortRanges(output))
  const found =
    range === undefined
      ? `the system does not give ${AUTH_PORT} away`
      : `the system keeps the ports ${range.first} to ${range.last} for itself, and ${AUTH_PORT} with them`
  return { found, verdict: "note", todo: ANOTHER }
}
