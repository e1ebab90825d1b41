import { CLIENT_NAME } from "../version.ts"
import type { Route } from "./fetch-over.ts"

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The `fetch` of the command. It is the runtime's, with three things that a person's network may ask for,
 * each loaded only where it is needed: the proxy of `HTTPS_PROXY`, with `NO_PROXY`; the authorities that the
 * system trusts and the runtime does not know, after a connection that failed for the want of one; and patience for a name with several addresses, the first of which answer slowly. Where it
 * sends a request itself, redirects are not followed. Each request names the command and its version.
 *
 * @throws NetworkFailure (a CLIError) where the proxy or the certificate is the reason, CLIError
 * `INVALID_ARGS` where a variable holds no proxy, else what the runtime's `fetch` throws
 */
export function networkFetch(env: Environment, send?: typeof fetch): typeof fetch {
  /** Origins that need more than the runtime gives, with what they need. */
  const known = new Map<string, Route>()
  // The runtime can be told in several ways to use proxies by itself, and would use one for this machine's own
  // addresses too: where there is one, it sends nothing.
  const proxied = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].some((name) => env[name])
  return async (input, given) => {
    const init = named(input, given)
    const url = new URL(input instanceof Request ? input.url : input)
    const ours = proxied ? { proxy: (await import("./proxy-from-env.ts")).proxyFor(url, env) } : undefined
    const route = known.get(url.origin) ?? ours
    try {
      if (route === undefined) return await (send ?? globalThis.fetch)(input, init)
      return await (await import("./fetch-over.ts")).fetchOver(route, input, init)
    } catch (cause) {
      const { secondTry } = await import("./second-try.ts")
      return secondTry({
        input,
        init,
        url,
        cause,
        route: route ?? {},
        env,
        found: (better) => known.set(url.origin, better),
      })
    }
  }
}

/** Servers tell people which program it was. */
function named(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): RequestInit {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
  if (!headers.has("user-agent")) headers.set("user-agent", CLIENT_NAME)
  return { ...init, headers }
}
