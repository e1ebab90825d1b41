const LOOPBACK = "localhost,127.0.0.1,[::1],::1"

/**
 * A `fetch` that honours `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` where the runtime can (Node 24.14 and later). This
 * machine's own addresses never go through a proxy. Without those variables it is the runtime's own `fetch`.
 */
export function proxiedFetch(env: Readonly<Record<string, string | undefined>>): typeof fetch {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]
  if (!names.some((name) => env[name])) return globalThis.fetch
  let prepared: Promise<void> | undefined
  return async (...request) => {
    prepared ??= import("node:http").then((http) => {
      const exceptions = [env.NO_PROXY || env.no_proxy, LOOPBACK].filter(Boolean).join(",")
      http.setGlobalProxyFromEnv?.({ ...env, NO_PROXY: exceptions, no_proxy: exceptions })
    })
    await prepared
    return globalThis.fetch(...request)
  }
}
