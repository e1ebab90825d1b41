import { BlockList, isIP } from "node:net"
import { availableParallelism } from "node:os"
import { isLoopbackHost } from "@authchemy/protocol"
import { parseRedisUrl as readRedisUrl } from "@authchemy/tokens/redis"

// Each reads the text of a variable, and throws an Error with the end of a sentence that says what the variable accepts.

export function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port
  throw new Error(`must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`)
}

export function parseHost(text: string): string {
  if (isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)) return text
  throw new Error(`must be an IP address or a host name to listen on, got ${JSON.stringify(text)}`)
}

export function parseIssuer(text: string): string {
  const rule = "must be the https address of this server without a path, for example https://auth.example.com"
  if (!URL.canParse(text)) throw new Error(`${rule}, got ${JSON.stringify(text)}`)
  const url = new URL(text)
  const bare = url.pathname === "/" && url.search === "" && url.hash === "" && !/[?#@]/.test(text)
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname))
  if (!bare || !allowed) throw new Error(`${rule} (http only for localhost)`)
  return url.origin
}

export function parseRedisUrl(text: string): string {
  readRedisUrl(text)
  return text
}

export function parseReplicas(text: string): number {
  const replicas = Number(text)
  if (/^\d{1,2}$/.test(text)) return replicas
  throw new Error(`must be a whole number from 0 to 99, got ${JSON.stringify(text)}`)
}

export function parseDatabaseUrl(text: string): string {
  if (URL.canParse(text) && /^postgres(ql)?:\/\/[^/]/.test(text)) return text
  throw new Error("must be postgres://[user[:password]@]host[:port]/database")
}

export const SECRET_WITH_DATABASE =
  "must be set beside AUTHCHEMY_DATABASE_URL, the same on every server that shares the database; make one with: openssl rand -base64 32"

export function parseSecret(text: string): string {
  if (text.length >= 32) return text
  throw new Error(
    `must have at least 32 characters, has ${text.length}; for example: openssl rand -base64 32`,
  )
}

export function parseWorkers(text: string): number {
  if (text === "auto") return availableParallelism()
  const workers = Number(text)
  if (/^\d{1,3}$/.test(text) && workers >= 1 && workers <= 256) return workers
  throw new Error(`must be a whole number from 1 to 256, or auto, got ${JSON.stringify(text)}`)
}

export function parseDrainSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,3}(\.\d{1,3})?$/.test(text) && seconds <= 600) return seconds
  throw new Error(`must be a number of seconds from 0 to 600, got ${JSON.stringify(text)}`)
}

export function parseMetricsToken(text: string): string {
  if (/^[\w.~+/=-]{16,}$/.test(text)) return text
  throw new Error("must have at least 16 characters: letters, digits and -._~+/=, as a bearer token has")
}

export function parseBoolean(text: string): boolean {
  if (/^(1|true)$/i.test(text)) return true
  if (/^(0|false)$/i.test(text)) return false
  throw new Error(`must be 1, true, 0 or false, got ${JSON.stringify(text)}`)
}

export function parseProxies(text: string): readonly string[] {
  const entries = text.split(",").map((entry) => entry.trim())
  for (const entry of entries) {
    const [address = "", prefix, ...rest] = entry.split("/")
    try {
      const family = isIP(address) === 6 ? "ipv6" : "ipv4"
      if (isIP(address) === 0 || rest.length > 0 || (prefix !== undefined && !/^\d+$/.test(prefix)))
        throw new Error()
      new BlockList().addSubnet(address, prefix === undefined ? 32 : Number(prefix), family)
    } catch {
      throw new Error(
        `must be IP addresses or CIDR ranges with commas between, for example 10.0.0.0/8,::1; got ${JSON.stringify(entry)}`,
      )
    }
  }
  return Object.freeze(entries)
}
