import { isIP } from "node:net"
import { connect } from "node:tls"
import { OAUTH_PATHS } from "@authchemy/protocol"
import type { Config } from "../config.ts"
import { counted } from "../counts-in-words.ts"
import { type Finding, ok, warning, wrong } from "./check.ts"
import { ANSWER_LIMIT_MS, askMetadata } from "./metadata.ts"

const DAY_MS = 24 * 60 * 60 * 1000
/** Certificates of ninety days are renewed thirty days before they end; one that is still there after that was forgotten. */
const DAYS_LEFT = 14
const TLS_PORT = 443

/** Whether what answers at `AUTHCHEMY_URL` is this server, by what it says of itself. @throws what `fetch` throws */
export async function checkAddress({ issuer }: Config, send: typeof fetch): Promise<Finding> {
  const { status, issuer: named, said } = await askMetadata(`${issuer}${OAUTH_PATHS.metadata}`, send)
  if (status === 200 && named === issuer) return ok(`${issuer} answers, and is this server`)
  return wrong(
    `${issuer} ${said}`,
    "AUTHCHEMY_URL must be the address under which people reach this server; see what the proxy in front of it does.",
  )
}

/**
 * Whether browsers and programs reach the server under its own address by TLS, with a certificate that goes on.
 * @param now milliseconds since the epoch
 * @throws Error where they would refuse the certificate, or nothing answers
 */
export async function checkTls(
  { issuer }: Config,
  now: number,
  connectTls: typeof connect = connect,
): Promise<Finding> {
  const { protocol, hostname, port } = new URL(issuer)
  if (protocol === "http:") return ok(`not needed: ${issuer} is on this machine only`)
  const host = hostname.replace(/^\[|\]$/g, "")
  const validTo = await certificateEnd(host, port === "" ? TLS_PORT : Number(port), connectTls)
  const days = Math.floor((validTo - now) / DAY_MS)
  if (days >= DAYS_LEFT) return ok(`the certificate of ${hostname} is good for ${days} more days`)
  const when = days < 1 ? "within a day" : `in ${counted(days, "day")}`
  return warning(
    `the certificate of ${hostname} ends ${when}`,
    "Have it renewed: whatever renews it should have done so by now.",
  )
}

/** Whether the addresses of people can be seen: TLS is always somebody else's, in front of this server. */
export function checkProxies({ issuer, trustedProxies }: Config): Finding {
  if (trustedProxies.length > 0) return ok(`X-Forwarded-For is believed from ${trustedProxies.join(", ")}`)
  if (issuer.startsWith("http:")) return ok("none is trusted: addresses are those of the connections")
  return warning(
    "one must stand in front of this server, and none is trusted: everybody seems to come from its address",
    "Set AUTHCHEMY_TRUSTED_PROXIES to its address, for example 127.0.0.1.",
  )
}

/** When a host's certificate ends, in milliseconds since the epoch; rejects where browsers would refuse it. */
function certificateEnd(host: string, port: number, connectTls: typeof connect): Promise<number> {
  return new Promise((resolve, reject) => {
    // Addresses are no server names (RFC 6066 §3).
    const options = isIP(host) === 0 ? { host, port, servername: host } : { host, port }
    const socket = connectTls(options, () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to))
      socket.destroy()
    })
    socket.setTimeout(ANSWER_LIMIT_MS, () =>
      socket.destroy(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} seconds`)),
    )
    socket.once("error", reject)
  })
}
