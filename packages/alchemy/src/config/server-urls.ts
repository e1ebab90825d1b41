import { isLoopbackHost } from "@authchemy/protocol"
import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"

/**
 * A server's base URL without a trailing slash. https unless loopback, without user info, query and fragment.
 * `source` names where it came from, for example `ALCHEMY_AUTH_URL`. @throws CLIError `INVALID_ARGS`
 */
export function parseServerUrl(text: string, source: string): string {
  const shown = printable(withoutSecrets(text), 100)
  const refuse = (what: string) =>
    new CLIError("INVALID_ARGS", `${source} ${what}${shown === "" ? "." : `: ${shown}`}`, {
      hint: "A server's address looks like https://auth.example.com, or http://localhost:4000 on this machine.",
    })
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw refuse("is not an http(s) URL")
  }
  if (url.username !== "" || url.password !== "") {
    throw new CLIError("INVALID_ARGS", `${source} must not carry a user name or password.`)
  }
  if (url.search !== "" || url.hash !== "") throw refuse("must have no query and no fragment")
  if (url.protocol === "http:" && !isLoopbackHost(url.hostname)) {
    throw refuse("must use https unless the server is on this machine")
  }
  return url.origin + url.pathname.replace(/\/+$/, "")
}

/**
 * What can be shown of an address, which may hold a password or a token even where it cannot be parsed: nothing
 * before an `@`, and nothing from a `?` or `#` on. Empty where an `@` follows these: they may be part of a password.
 */
function withoutSecrets(text: string): string {
  const [shown = ""] = text.split(/[?#]/, 1)
  const at = text.lastIndexOf("@") + 1
  return at > shown.length ? "" : shown.slice(at)
}

/** Whether two server URLs have one origin; the names of this machine count as equal. */
export function sameServer(one: string, other: string): boolean {
  const origin = (text: string) => {
    const url = URL.parse(text)
    if (url === null) return text
    const host = isLoopbackHost(url.hostname) ? "loopback" : url.hostname
    const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port
    return `${url.protocol}//${host}:${port}`
  }
  return origin(one) === origin(other)
}
