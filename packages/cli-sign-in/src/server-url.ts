import { isLoopbackHost } from "@authchemy/protocol"
import { SignInError, tidyText } from "./errors.ts"

/**
 * An auth URL in its one spelling: https, or http on a loopback name (`127.0.0.1`, `[::1]`, `localhost`); no user info, query
 * or fragment; no trailing slash.
 * @throws SignInError `insecure_url`
 */
export function parseServerUrl(text: string): string {
  const refuse = (reason: string) =>
    new SignInError("insecure_url", `The server URL ${reason}.`, { details: { url: shown(text) } })
  if (!URL.canParse(text)) throw refuse(`"${shown(text)}" is not a URL`)
  const url = new URL(text)
  if (url.username !== "" || url.password !== "") throw refuse("must not hold a user name or password")
  if (url.search !== "" || url.hash !== "") throw refuse(`"${shown(text)}" must not have a query or fragment`)
  if (url.protocol !== "https:" && !isLoopbackHttp(url)) {
    throw refuse(`"${shown(text)}" must begin with https:// (http:// on this machine only)`)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

/**
 * Whether the `iss` of an authorization response names this server (RFC 9207 §2.4: simple string comparison). On loopback,
 * `localhost`, `127.0.0.1` and `[::1]` on one port are one machine.
 * @param serverUrl as `parseServerUrl` returns it
 */
export function isIssuer(iss: string, serverUrl: string): boolean {
  if (iss === serverUrl) return true
  if (!URL.canParse(iss)) return false
  const [claimed, expected] = [new URL(iss), new URL(serverUrl)]
  return (
    isLoopbackHttp(claimed) &&
    isLoopbackHttp(expected) &&
    claimed.username === "" &&
    claimed.password === "" &&
    claimed.port === expected.port &&
    claimed.pathname === expected.pathname &&
    claimed.search === "" &&
    claimed.hash === ""
  )
}

/**
 * An address that the server names for people, in its one spelling (so only ASCII without control
 * characters), or `null` where it is not on the server's own origin. On loopback, `localhost`, `127.0.0.1`
 * and `[::1]` on one port are one machine.
 * @param serverUrl as `parseServerUrl` returns it
 */
export function ownAddress(text: string, serverUrl: string): string | null {
  if (!URL.canParse(text)) return null
  const [address, server] = [new URL(text), new URL(serverUrl)]
  if (address.username !== "" || address.password !== "") return null
  const sameMachine = isLoopbackHttp(address) && isLoopbackHttp(server) && address.port === server.port
  return sameMachine || address.origin === server.origin ? address.href : null
}

function isLoopbackHttp(url: URL): boolean {
  return url.protocol === "http:" && isLoopbackHost(url.hostname)
}

/** A URL fit to be shown: no control characters, no password before an `@`. */
function shown(text: string): string {
  return tidyText(text.replace(/\/\/[^/]*@/, "//"), 200)
}
