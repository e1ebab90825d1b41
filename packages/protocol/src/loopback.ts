/** Whether a host of a URL, as `URL.hostname` gives it, is a name of this machine's own loopback. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]"
}
