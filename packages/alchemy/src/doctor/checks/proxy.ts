import { codeIn } from "../../network/network-failure.ts"
import { proxyUnreachable } from "../../network/proxy-failure.ts"
import { checkProxies, type ProxyServer, proxyFor } from "../../network/proxy-from-env.ts"
import { targetOf } from "../../network/tunnel.ts"
import { type Check, type Fault, findingOf } from "../check.ts"
import type { Patient } from "../patient.ts"
import { REACH_TIMEOUT_MS, within } from "../reach.ts"

const LOOKED_AT = "HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper and lower case"

/** Which proxy is between here and the servers, and whether it takes a connection. User and password are never shown. */
export const proxy: Check = {
  id: "proxy",
  title: "proxy",
  look: async (patient) => {
    const { env } = patient.context
    // A mistake is thrown, and names the variable.
    checkProxies(env)
    const { authUrl, adminUrl } = await patient.settings()
    const used = new Map<string, ProxyServer>()
    for (const url of [authUrl, adminUrl]) {
      const server = proxyFor(new URL(url), env)
      if (server !== undefined) used.set(server.origin, server)
    }
    const faults = (await Promise.all(Array.from(used.values(), (server) => faultOf(server, patient)))).flat()
    if (env.ALL_PROXY || env.all_proxy) {
      const todo = "Set HTTPS_PROXY where a proxy is needed."
      faults.push({ verdict: "note", found: "ALL_PROXY is set, and this command does not heed it", todo })
    }
    return findingOf(LOOKED_AT, fine(used, env), faults)
  },
}

function fine(used: ReadonlyMap<string, ProxyServer>, env: Patient["context"]["env"]): string {
  const servers = Array.from(used.values(), ({ origin, variable }) => `${origin} (${variable})`)
  if (servers.length > 0) return servers.join(", ")
  const set = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].filter((name) => env[name]?.trim())
  return set.length === 0 ? "none" : `${set.join(", ")} set, but not for these servers`
}

/** With `--offline` a proxy is not spoken to. */
async function faultOf(server: ProxyServer, { context, probes, offline }: Patient): Promise<Fault[]> {
  if (offline) return []
  const limit = AbortSignal.any([probes.limit(REACH_TIMEOUT_MS), context.signal])
  try {
    await within(limit, probes.connect(targetOf(new URL(server.origin)), limit))
    return []
  } catch (error) {
    const late = codeIn(error) === "" || limit.aborted
    const cause = late ? Object.assign(new Error("late"), { code: "ETIMEDOUT" }) : error
    const { message, hint } = proxyUnreachable(server, cause)
    return [{ verdict: "problem", found: message.replace(/^The/, "the").replace(/\.$/, ""), todo: hint }]
  }
}
