import { isIPv4, isIPv6 } from "node:net"
import { domainToASCII } from "node:url"
import { isLoopbackHost } from "@authchemy/protocol"

/** A mail server, as `parseSmtpUrl` reads it. */
export type SmtpServer = Readonly<{
  /** A name, or an IP address without brackets. */
  host: string
  port: number
  /**
   * `implicit`: TLS from the first byte (RFC 8314). `required`: STARTTLS (RFC 3207), or no mail. `opportunistic`: STARTTLS where the server offers it,
   * whoever the server is, and clear text where it does not. `none`: clear text.
   */
  tls: "implicit" | "required" | "opportunistic" | "none"
  /** `null`: the server asks for none. */
  credentials: Readonly<{ user: string; password: string }> | null
}>

const RULE =
  "must be smtp[s]://[user:password@]host[:port][?tls=required|opportunistic|none], for example smtps://user:password@mail.example.com"

/**
 * Reads a mail server's URL. The port is 465 for `smtps`, else 587. STARTTLS is required unless the host is this machine or `tls` says otherwise.
 * @throws Error with the end of a sentence that says what is accepted, and nothing of the text itself: a password may be anywhere in it
 */
export function parseSmtpUrl(text: string): SmtpServer {
  if (!/^smtps?:\/\//i.test(text) || !URL.canParse(text)) throw new Error(RULE)
  const url = new URL(text)
  const implicit = url.protocol === "smtps:"
  const host = parseHost(url.hostname)
  if (host === null || (url.pathname !== "" && url.pathname !== "/") || text.includes("#")) {
    throw new Error(`${RULE}; special characters in user and password are percent-encoded`)
  }
  const port = url.port === "" ? (implicit ? 465 : 587) : Number(url.port)
  if (port === 0) throw new Error("must have a port from 1 to 65535")
  const chosen = parseTls(url.searchParams)
  if (implicit && chosen !== null)
    throw new Error("must have no tls=… beside smtps://, which is TLS from the start")
  const usual = isLoopbackHost(isIPv6(host) ? `[${host}]` : host) ? "opportunistic" : "required"
  const tls = implicit ? "implicit" : (chosen ?? usual)
  return Object.freeze({ host, port, tls, credentials: parseCredentials(url) })
}

function parseHost(hostname: string): string | null {
  const bare = /^\[(.+)\]$/.exec(hostname)?.[1]
  if (bare !== undefined) return isIPv6(bare) ? bare : null
  // The URL of a scheme that is not the web's keeps its host percent-encoded.
  const name = decode(hostname)
  if (name === null || /[%/\\]/.test(name)) return null
  const ascii = domainToASCII(name)
  const isName = /^[a-z0-9_]([a-z0-9._-]*[a-z0-9])?$/.test(ascii) && !ascii.includes("..")
  return isIPv4(ascii) || isName ? ascii : null
}

function parseTls(query: URLSearchParams): "required" | "opportunistic" | "none" | null {
  const [first, ...more] = [...query]
  if (first === undefined) return null
  const [name, value] = first
  const known = value === "required" || value === "opportunistic" || value === "none"
  if (name === "tls" && known && more.length === 0) return value
  throw new Error("must have nothing after the question mark but tls=required, tls=opportunistic or tls=none")
}

function parseCredentials(url: URL): SmtpServer["credentials"] {
  if (url.username === "" && url.password === "") return null
  const [user, password] = [decode(url.username), decode(url.password)]
  if (!user || !password) {
    throw new Error("must have both a user and a password, percent-encoded, or neither")
  }
  if (/\p{Cc}/u.test(user + password)) throw new Error("must have no control characters in user and password")
  return Object.freeze({ user, password })
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
