import { BlockList, isIP } from "node:net"

/**
 * Whether a URL is reached without a proxy: where its host is this machine, or `NO_PROXY` names it. That is a
 * list separated by commas or blanks of names (with all names below them), `.suffix` (the same), `*.suffix`
 * (only those below), addresses, ranges (`10.0.0.0/8`, `fd00::/8`), each with a port where only that port is
 * meant, and `*` for everything. Names are not looked up.
 */
export function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$|\.$/g, "").toLowerCase()
  if (isThisMachine(host)) return true
  const port = url.port || (url.protocol === "https:" ? "443" : "80")
  return noProxy.split(/[\s,]+/).some((entry) => entry !== "" && covers(entry.toLowerCase(), host, port))
}

/** All of 127.0.0.0/8, `::1`, `localhost` and the names below it (RFC 6761 §6.3). */
function isThisMachine(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || isIn("127.0.0.0/8", host)
}

function covers(entry: string, host: string, port: string): boolean {
  const { name, port: only } = partsOf(entry)
  if (only !== undefined && only !== port) return false
  if (name === "*") return true
  if (name.includes("/")) return isIn(name, host)
  if (name.startsWith("*.")) return host.endsWith(name.slice(1))
  const suffix = name.replace(/^\.|\.$/g, "")
  return suffix !== "" && (host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`)))
}

/** An IPv6 address with a port stands in brackets; one without may. */
function partsOf(entry: string): { name: string; port?: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry)
  if (bracketed !== null) return { name: bracketed[1] ?? "", port: bracketed[2] }
  const [, name, port] = /^([^:]*):(\d+)$/.exec(entry) ?? []
  return name === undefined ? { name: entry } : { name, port }
}

/** Whether an address is in a range. What is no range covers nothing. */
function isIn(range: string, host: string): boolean {
  const [address = "", prefix = ""] = range.split("/")
  const version = isIP(address)
  if (version === 0 || isIP(host) !== version || !/^\d{1,3}$/.test(prefix)) return false
  if (Number(prefix) > (version === 4 ? 32 : 128)) return false
  const family = version === 4 ? "ipv4" : "ipv6"
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), family)
  return list.check(host, family)
}
