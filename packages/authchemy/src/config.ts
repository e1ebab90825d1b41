import { BlockList, isIP } from "node:net"
import { availableParallelism } from "node:os"
import { resolve } from "node:path"
import { isLoopbackHost } from "@authchemy/protocol"
import { parseRedisUrl as readRedisUrl } from "@authchemy/tokens/redis"

/** How the server was told to run. Parsed once at start, frozen. */
export type Config = Readonly<{
  /** 0: any free port. */
  port: number
  host: string
  /** This server's origin, without a trailing slash. */
  issuer: string
  /** Absolute. */
  dataDirectory: string
  /** `null`: codes and sessions in SQLite. As `openStore` takes it. */
  redisUrl: string | null
  /** How many replicas of Redis must have a revocation before it is acknowledged; 0 for a single node. */
  redisReplicas: number
  /** `postgres://…` for accounts, apps and keys; `null`: SQLite in the data directory. */
  databaseUrl: string | null
  /** Absolute; `null`: no clients but the built-in one and those in the database. */
  clientsFile: string | null
  /** `null`: one is generated and kept in the data directory. Never `null` beside `databaseUrl`, which servers share. */
  secret: string | null
  allowSignUp: boolean
  allowCodeWithoutPkce: boolean
  trustedProxies: readonly string[]
  /** How many processes serve; 1: this one, and no others. */
  workers: number
  /**
   * How long a server that is told to stop goes on answering before it closes connections that are idle, in seconds. `null`: not at all, and
   * five seconds for a worker whose place another one has taken.
   */
  drainSeconds: number | null
  /** Who brings it may read `/metrics`; `null`: programs on this machine may. */
  metricsToken: string | null
}>

/** What is wrong with a variable, and what it accepts. */
export type ConfigProblem = { variable: string; message: string }

/** The environment cannot be used; `problems` names every variable that is wrong. */
export class ConfigError extends Error {
  readonly code = "config_invalid"
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, message }) => `${variable}: ${message}`).join("\n"))
    this.name = "ConfigError"
    this.problems = problems
  }
}

/**
 * Reads `AUTHCHEMY_*`; the README lists the variables and their defaults. An empty value counts as unset.
 * @throws ConfigError with every mistake, each naming its variable and what that accepts
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: ConfigProblem[] = []
  const read = <T>(variable: string, fallback: T, parse: (text: string) => T): T => {
    const text = env[variable]?.trim()
    if (text === undefined || text === "") return fallback
    try {
      return parse(text)
    } catch (error) {
      problems.push({ variable, message: error instanceof Error ? error.message : String(error) })
      return fallback
    }
  }

  const port = read("AUTHCHEMY_PORT", 4000, parsePort)
  const issuer = read("AUTHCHEMY_URL", `http://localhost:${port}`, parseIssuer)
  const loopback = isLoopbackHost(new URL(issuer).hostname)
  const config: Config = {
    port,
    host: read("AUTHCHEMY_HOST", "127.0.0.1", parseHost),
    issuer,
    dataDirectory: resolve(env.AUTHCHEMY_DATA_DIR || "./.authchemy"),
    redisUrl: read("AUTHCHEMY_REDIS_URL", null, parseRedisUrl),
    redisReplicas: read("AUTHCHEMY_REDIS_REPLICAS", 0, parseReplicas),
    databaseUrl: read("AUTHCHEMY_DATABASE_URL", null, parseDatabaseUrl),
    clientsFile: read("AUTHCHEMY_CLIENTS_FILE", null, (path) => resolve(path)),
    secret: read("AUTHCHEMY_SECRET", null, parseSecret),
    allowSignUp: read("AUTHCHEMY_ALLOW_SIGN_UP", loopback, parseBoolean),
    allowCodeWithoutPkce: read("AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE", false, parseBoolean),
    trustedProxies: read("AUTHCHEMY_TRUSTED_PROXIES", [], parseProxies),
    workers: read("AUTHCHEMY_WORKERS", 1, parseWorkers),
    drainSeconds: read("AUTHCHEMY_DRAIN_SECONDS", null, parseDrainSeconds),
    metricsToken: read("AUTHCHEMY_METRICS_TOKEN", null, parseMetricsToken),
  }
  if (config.databaseUrl !== null && !env.AUTHCHEMY_SECRET?.trim()) {
    problems.push({ variable: "AUTHCHEMY_SECRET", message: SECRET_WITH_DATABASE })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port
  throw new Error(`must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`)
}

function parseHost(text: string): string {
  if (isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)) return text
  throw new Error(`must be an IP address or a host name to listen on, got ${JSON.stringify(text)}`)
}

function parseIssuer(text: string): string {
  const rule = "must be the https address of this server without a path, for example https://auth.example.com"
  if (!URL.canParse(text)) throw new Error(`${rule}, got ${JSON.stringify(text)}`)
  const url = new URL(text)
  const bare = url.pathname === "/" && url.search === "" && url.hash === "" && !/[?#@]/.test(text)
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname))
  if (!bare || !allowed) throw new Error(`${rule} (http only for localhost)`)
  return url.origin
}

function parseRedisUrl(text: string): string {
  readRedisUrl(text)
  return text
}

function parseReplicas(text: string): number {
  const replicas = Number(text)
  if (/^\d{1,2}$/.test(text)) return replicas
  throw new Error(`must be a whole number from 0 to 99, got ${JSON.stringify(text)}`)
}

function parseDatabaseUrl(text: string): string {
  if (URL.canParse(text) && /^postgres(ql)?:\/\/[^/]/.test(text)) return text
  throw new Error("must be postgres://[user[:password]@]host[:port]/database")
}

const SECRET_WITH_DATABASE =
  "must be set beside AUTHCHEMY_DATABASE_URL, the same on every server that shares the database; make one with: openssl rand -base64 32"

function parseSecret(text: string): string {
  if (text.length >= 32) return text
  throw new Error(
    `must have at least 32 characters, has ${text.length}; for example: openssl rand -base64 32`,
  )
}

function parseWorkers(text: string): number {
  if (text === "auto") return availableParallelism()
  const workers = Number(text)
  if (/^\d{1,3}$/.test(text) && workers >= 1 && workers <= 256) return workers
  throw new Error(`must be a whole number from 1 to 256, or auto, got ${JSON.stringify(text)}`)
}

function parseDrainSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,3}(\.\d{1,3})?$/.test(text) && seconds <= 600) return seconds
  throw new Error(`must be a number of seconds from 0 to 600, got ${JSON.stringify(text)}`)
}

function parseMetricsToken(text: string): string {
  if (/^[\w.~+/=-]{16,}$/.test(text)) return text
  throw new Error("must have at least 16 characters: letters, digits and -._~+/=, as a bearer token has")
}

function parseBoolean(text: string): boolean {
  if (/^(1|true)$/i.test(text)) return true
  if (/^(0|false)$/i.test(text)) return false
  throw new Error(`must be 1, true, 0 or false, got ${JSON.stringify(text)}`)
}

function parseProxies(text: string): readonly string[] {
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
