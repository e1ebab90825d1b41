import { CLIError } from "../errors.ts"
import { isExempt } from "./no-proxy.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** A proxy as the environment names it. */
export type ProxyServer = {
  /** Scheme, host and port, without user and password: fit to be shown. */
  origin: string
  /** What `Proxy-Authorization` says (RFC 7617), where the address holds a user. */
  authorization?: string
  /** The variable that names it. */
  variable: string
}

/**
 * In order of precedence: the lower-case name first, as in other programs. An empty variable counts as
 * absent. `HTTP_PROXY` is not among them: plain http is spoken to this machine alone, which needs no proxy.
 */
const VARIABLES = ["https_proxy", "HTTPS_PROXY"] as const

/**
 * The proxy for a URL: that of `HTTPS_PROXY`, in lower or upper case, for https; none for http, for this
 * machine itself and for what `NO_PROXY` names.
 * @throws CLIError `INVALID_ARGS` where the variable does not hold the address of a proxy; the address is not
 * repeated
 */
export function proxyFor(url: URL, env: Environment): ProxyServer | undefined {
  if (url.protocol !== "https:") return undefined
  const variable = VARIABLES.find((name) => env[name]?.trim())
  if (variable === undefined || isExempt(url, env.no_proxy || env.NO_PROXY || "")) return undefined
  return proxyNamedBy(variable, env[variable]?.trim() ?? "")
}

/**
 * Looks at all that the environment says of proxies, so that a mistake is found before a person is asked for
 * anything.
 * @throws CLIError `INVALID_ARGS`
 */
export function checkProxies(env: Environment): void {
  for (const variable of VARIABLES) {
    const address = env[variable]?.trim()
    if (address) proxyNamedBy(variable, address)
  }
}

function proxyNamedBy(variable: string, address: string): ProxyServer {
  const text = address.includes("://") ? address : `http://${address}`
  if (!URL.canParse(text)) throw notAProxy(variable, "does not hold the address of a proxy")
  const { protocol, host, username, password } = new URL(text)
  if (protocol !== "http:" && protocol !== "https:") {
    throw notAProxy(variable, `names a proxy of the kind ${protocol.slice(0, 20)}//, which is not supported`)
  }
  const proxy = { origin: `${protocol}//${host}`, variable }
  if (username === "" && password === "") return proxy
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { ...proxy, authorization: `Basic ${Buffer.from(credentials).toString("base64")}` }
  } catch {
    throw notAProxy(variable, "holds a user name or password that is not percent-encoded rightly")
  }
}

function notAProxy(variable: string, fault: string): CLIError {
  return new CLIError("INVALID_ARGS", `${variable} ${fault}.`, {
    hint: `Set ${variable} to http://host:port, or to http://user:password@host:port with special characters percent-encoded, or unset it.`,
  })
}
