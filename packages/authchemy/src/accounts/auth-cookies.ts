import { parse } from "hono/utils/cookie"

/** What the names of Better Auth's cookies begin with. On https they are `__Host-`, so that no neighbouring domain can plant one (RFC 6265bis §4.1.3). */
export function cookiePrefixOf(issuer: string): string {
  return issuer.startsWith("https:") ? "__Host-authchemy" : "authchemy"
}

/** A request's headers with one of its cookies and nothing else. */
export function cookieIn(request: Request, name: string): Headers {
  const value = parse(request.headers.get("cookie") ?? "", name)[name]
  return new Headers(value === undefined ? {} : { cookie: `${name}=${encodeURIComponent(value)}` })
}
