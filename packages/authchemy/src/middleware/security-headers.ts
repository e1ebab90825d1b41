import type { MiddlewareHandler } from "hono"

const API_HEADERS: readonly (readonly [string, string])[] = [
  ["Cache-Control", "no-store"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Content-Type-Options", "nosniff"],
]

const PAGE_HEADERS: readonly (readonly [string, string])[] = [
  ...API_HEADERS,
  ["X-Frame-Options", "DENY"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"],
]

/**
 * The Content Security Policy of a page: nothing from elsewhere, nothing inline, no frame.
 * @param options.formTargets sources that a form may lead to, besides this server
 * @param options.withScripts whether this server's script files may run, and call this server
 */
export function pagePolicy(options: { formTargets?: readonly string[]; withScripts?: boolean } = {}): string {
  const { formTargets = [], withScripts = false } = options
  const scripts = withScripts ? "script-src 'self'; connect-src 'self'; " : ""
  const formAction = ["'self'", ...formTargets].join(" ")
  return `default-src 'none'; ${scripts}style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action ${formAction}`
}

/**
 * The security headers of an answer in JSON.
 * @param issuer this server's origin; only an https one is told to browsers to be kept (HSTS)
 */
export function apiHeaders(issuer: string): readonly (readonly [string, string])[] {
  return [...API_HEADERS, ...transportHeaders(issuer)]
}

/**
 * Puts the security headers on every response; a header that the route has set stays.
 * @param issuer as for `apiHeaders`
 */
export function securityHeaders(issuer: string): MiddlewareHandler {
  const forApi = apiHeaders(issuer)
  const forPages = [
    ...PAGE_HEADERS,
    ["Content-Security-Policy", pagePolicy()] as const,
    ...transportHeaders(issuer),
  ]
  return async (c, next) => {
    await next()
    const { headers } = c.res
    const isApi = headers.get("content-type")?.startsWith("application/json") ?? false
    for (const [name, value] of isApi ? forApi : forPages) {
      if (!headers.has(name)) headers.set(name, value)
    }
  }
}

function transportHeaders(issuer: string): readonly (readonly [string, string])[] {
  return issuer.startsWith("https:") ? [["Strict-Transport-Security", "max-age=31536000"]] : []
}
