import { isLoopbackHost, WIRE_ERRORS } from "@authchemy/protocol"
import { RequestRefused } from "./request-refused.ts"

/**
 * Refuses a form that another site's page posted. Pages are sent with `Referrer-Policy: no-referrer`, under which browsers say
 * `Origin: null` even to their own server; that is believed only beside `Sec-Fetch-Site: same-origin`, which no page can
 * forge. A request with neither header comes from no current browser and passes: where more is at stake than a password
 * the sender must know anyway, the form carries a seal as well (`routes/seal.ts`).
 *
 * @param issuer this server's origin; for a loopback issuer, the other names of loopback on that port are the same origin
 * @throws RequestRefused 403
 */
export function requireSameOrigin(request: Request, issuer: string): void {
  const site = request.headers.get("sec-fetch-site")
  const origin = request.headers.get("origin")
  const siteAllows = site === null || site === "same-origin" || site === "none"
  const originAllows =
    origin === null || (origin === "null" ? site === "same-origin" : sameOrigin(origin, issuer))
  if (siteAllows && originAllows) return
  throw new RequestRefused(403, WIRE_ERRORS.forbidden, "The form was sent by another site's page.")
}

function sameOrigin(origin: string, issuer: string): boolean {
  if (!URL.canParse(origin)) return false
  const given = new URL(origin)
  const own = new URL(issuer)
  if (given.origin === own.origin) return true
  const loopback = isLoopbackHost(own.hostname) && isLoopbackHost(given.hostname)
  return loopback && given.protocol === own.protocol && given.port === own.port
}
