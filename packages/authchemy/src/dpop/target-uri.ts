import { isLoopbackHost } from "@authchemy/protocol"

const URI = /^(https?):\/\/([^/?#]*)([^?#]*)(?:[?#]|$)/i
const AUTHORITY = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d*))?$/
const PATH = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)?$/
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" }

/**
 * Whether a proof's `htu` names this server and this path, query and fragment aside (RFC 9449 §4.3 no. 9), after the normalisation of
 * RFC 3986 §6.2.2 and §6.2.3 and no other: what only a browser would read as the same address is another one.
 * @param issuer this server's origin; for a loopback issuer, the other names of loopback on that port are the same
 * @param path of the request, with or without its query
 */
export function isTargetUri(htu: string, issuer: string, path: string): boolean {
  const given = normalUri(htu)
  return given !== null && given === normalUri(issuer + path)
}

function normalUri(uri: string): string | null {
  const [, givenScheme = "", authority = "", path = ""] = URI.exec(uri) ?? []
  const scheme = givenScheme.toLowerCase()
  const [, host, port = ""] = AUTHORITY.exec(authority.toLowerCase()) ?? []
  if (host === undefined || !PATH.test(path)) return null
  const named = isLoopbackHost(host) ? "localhost" : host
  return `${scheme}://${named}:${port === "" ? DEFAULT_PORTS[scheme] : port}${normalPath(path)}`
}

/** Dot segments are gone, `%41` is `A`, `%2f` is `%2F`; the URL parser would do more, but `PATH` has let nothing of that through. */
function normalPath(path: string): string {
  const { pathname } = new URL(`http://localhost${path}`)
  return pathname.replace(/%[0-9A-Fa-f]{2}/g, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : octet.toUpperCase()
  })
}
