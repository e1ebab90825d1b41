import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { isIP, type Socket } from "node:net"
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls"
import { proxyRefusal, proxyUnreachable } from "./proxy-failure.ts"
import type { ProxyServer } from "./proxy-from-env.ts"

/** Where a connection leads: a host without brackets, and a port. */
export type Target = { host: string; port: number }

/** What all connections of a request are made with. */
export type Limits = { signal: AbortSignal; certificates?: readonly string[] | undefined }

/** Host and port of a URL. */
export function targetOf(url: URL): Target {
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80)
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port }
}

/** TLS options for a host: no server name for an address (RFC 6066 §3). */
export function tlsFor(host: string, certificates: readonly string[] | undefined): ConnectionOptions {
  return {
    host,
    servername: isIP(host) === 0 ? host : "",
    ALPNProtocols: ["http/1.1"],
    ...(certificates === undefined ? {} : { ca: [...certificates] }),
  }
}

/**
 * A TLS connection to the target through a proxy, by CONNECT (RFC 9110 §9.3.6).
 * @throws NetworkFailure where the proxy is the reason, else the error of the TLS connection to the target
 */
export async function tunnelTo(target: Target, proxy: ProxyServer, limits: Limits): Promise<TLSSocket> {
  const socket = await connectThrough(target, proxy, limits)
  return new Promise((resolve, reject) => {
    const tls = connectTls({ ...tlsFor(target.host, limits.certificates), socket })
    const onAbort = () => tls.destroy()
    const settled = () => limits.signal.removeEventListener("abort", onAbort)
    limits.signal.addEventListener("abort", onAbort, { once: true })
    tls.on("error", reject)
    tls.once("close", () => {
      settled()
      reject(closedEarly("during the TLS handshake"))
    })
    tls.once("secureConnect", () => {
      settled()
      resolve(tls)
    })
  })
}

function connectThrough(target: Target, proxy: ProxyServer, limits: Limits): Promise<Socket> {
  const url = new URL(proxy.origin)
  const via = targetOf(url)
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host
  const authority = `${host}:${target.port}`
  const secure = url.protocol === "https:"
  return new Promise((resolve, reject) => {
    const request = (secure ? requestHttps : requestHttp)({
      ...(secure ? tlsFor(via.host, limits.certificates) : {}),
      host: via.host,
      port: via.port,
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...authorizationFor(proxy) },
      agent: false,
      signal: limits.signal,
    })
    request.once("connect", ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy()
        return reject(proxyRefusal(proxy, host, statusCode))
      }
      resolve(socket)
    })
    // Some proxies answer a CONNECT that they refuse like any other request.
    request.once("response", (response) => {
      response.destroy()
      reject(proxyRefusal(proxy, host, response.statusCode ?? 0))
    })
    request.on("error", (error) => reject(proxyUnreachable(proxy, error)))
    request.once("close", () => reject(proxyUnreachable(proxy, closedEarly("without an answer"))))
    request.end()
  })
}

/** The error of a connection that ended too soon. `when` ends its sentence. */
export function closedEarly(when: string): Error {
  return Object.assign(new Error(`closed ${when}`), { code: "ECONNRESET" })
}

/** The header that a proxy knows its user by. */
function authorizationFor(proxy: ProxyServer): Record<string, string> {
  return proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }
}
