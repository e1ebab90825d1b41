import { isIP } from "node:net"
import { codeIn } from "../../network/network-failure.ts"
import { type Check, type Fault, findingOf } from "../check.ts"
import type { Patient } from "../patient.ts"
import type { LoopbackAddress } from "../probes.ts"
import { REACH_TIMEOUT_MS, within } from "../reach.ts"

/** Whether this machine can speak to itself, which the browser's answer needs. */
export const loopback: Check = {
  id: "loopback",
  title: "loopback",
  look: async (patient) => {
    const [ipv4, ipv6] = await Promise.all([fault("127.0.0.1", patient), fault("::1", patient)])
    const lookedAt = "a connection to 127.0.0.1 and to ::1"
    if (ipv4 === null && ipv6 === null) return { lookedAt, found: "IPv4 and IPv6", verdict: "ok" }
    const faults: Fault[] = []
    const none = ipv4 !== null && ipv6 !== null
    const verdict = none ? "problem" : "note"
    if (ipv4 !== null) faults.push({ verdict, found: `127.0.0.1: ${ipv4}` })
    if (ipv6 !== null) faults.push({ verdict, found: `::1: ${ipv6}` })
    const todo = none
      ? "Bring the loopback interface up, and let the firewall pass it. `alchemy auth login --device` does without."
      : "Sign-in does with the other."
    return { ...findingOf(lookedAt, "", faults), todo }
  },
}

/** What `localhost` leads to, which servers on this machine are named by. */
export const localhost: Check = {
  id: "localhost",
  title: "localhost",
  look: async ({ probes, context }) => {
    const limit = AbortSignal.any([probes.limit(REACH_TIMEOUT_MS), context.signal])
    const lookedAt = "the addresses of localhost"
    const addresses = await within(limit, probes.lookUp("localhost")).catch(() => [])
    const elsewhere = addresses.filter((address) => !isLoopbackAddress(address))
    const todo = "Put `127.0.0.1 localhost` and `::1 localhost` into the hosts file."
    if (addresses.length === 0) {
      return { lookedAt, found: "the name has no address", verdict: "problem", todo }
    }
    if (elsewhere.length > 0) {
      return { lookedAt, found: `it leads to ${elsewhere.join(", ")}`, verdict: "problem", todo }
    }
    return { lookedAt, found: `it leads to ${addresses.join(" and ")}`, verdict: "ok" }
  },
}

function isLoopbackAddress(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."))
}

async function fault(host: LoopbackAddress, { probes, context }: Patient): Promise<string | null> {
  const limit = AbortSignal.any([probes.limit(REACH_TIMEOUT_MS), context.signal])
  let listener: Awaited<ReturnType<typeof probes.listen>>
  try {
    listener = await within(limit, probes.listen(0, host))
  } catch (error) {
    const code = codeIn(error)
    return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(code)
      ? "this machine does not have it"
      : `it cannot be listened on (${code || "no answer"})`
  }
  try {
    await within(limit, probes.connect({ host, port: listener.port }, limit))
    return null
  } catch (error) {
    return `no connection comes about (${codeIn(error) || "no answer"})`
  } finally {
    await listener.close()
  }
}
