/** Where a server listens. */
export type Address = { readonly host: string; readonly port: number }

/** Who a connection says it is; `null` where nothing is said. */
export type Credentials = { readonly username: string | null; readonly password: string | null }

/** What a URL says of Redis. The files that it names have not been read. */
export type RedisTarget = {
  readonly topology: "single" | "sentinel" | "cluster"
  /** The server itself, the Sentinels, or some nodes of the Cluster. */
  readonly addresses: readonly Address[]
  /** The name that the Sentinels know the primary by; empty in other topologies. */
  readonly masterName: string
  readonly database: number
  readonly credentials: Credentials
  readonly sentinelCredentials: Credentials
  /** `null`: no TLS. Else paths of PEM files, `null` where none is named. */
  readonly tls: {
    readonly ca: string | null
    readonly cert: string | null
    readonly key: string | null
  } | null
}

const SHAPE = /^(rediss?)(\+sentinel|\+cluster)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const FORMS =
  "redis://[user[:password]@]host[:port][/database], redis+sentinel://[user[:password]@]host1[:port],host2,…/<master name>[/database] " +
  "or redis+cluster://[user[:password]@]host1[:port],host2,…, each with rediss instead of redis for TLS"
const FILES = ["ca", "cert", "key"] as const
const SENTINEL_PARAMETERS = ["sentinel_user", "sentinel_password"] as const

/**
 * Reads a URL that names a Redis of any topology:
 * - `redis[s]://[user[:password]@]host[:6379][/database]`
 * - `redis[s]+sentinel://[user[:password]@]host1[:26379],host2,…/<master name>[/database]`
 * - `redis[s]+cluster://[user[:password]@]host1[:6379],host2,…`
 *
 * Parameters: `ca`, `cert`, `key`, paths of PEM files, with `rediss` only; `sentinel_user`, `sentinel_password`, what the Sentinels themselves ask for.
 * User, password and master name are percent-encoded where they hold one of `:/?#@`. Reads no file.
 * @throws Error that names the part that is wrong and what it accepts, and repeats nothing of the URL: any part of it may be one of the password
 */
export function parseRedisUrl(text: string): RedisTarget {
  const [shape, scheme, kind, authority = "", path = "", query = ""] = SHAPE.exec(text) ?? []
  if (shape === undefined) throw new Error(`must be ${FORMS}`)
  const topology = kind === "+sentinel" ? "sentinel" : kind === "+cluster" ? "cluster" : "single"
  const at = authority.lastIndexOf("@")
  const parameters = parseParameters(query, scheme === "rediss", topology)
  return {
    topology,
    addresses: parseHosts(authority.slice(at + 1), topology),
    ...parsePath(path, topology),
    credentials: at === -1 ? { username: null, password: null } : parseUser(authority.slice(0, at)),
    ...parameters,
  }
}

function parseUser(text: string): Credentials {
  const colon = text.indexOf(":")
  const username = decoded("user", colon === -1 ? text : text.slice(0, colon)) || null
  const password = colon === -1 ? null : decoded("password", text.slice(colon + 1)) || null
  if (username === null && password === null)
    throw new Error("the part before @ must be user, user:password or :password")
  return { username, password }
}

function parseHosts(text: string, topology: RedisTarget["topology"]): Address[] {
  const hosts = text.split(",")
  if (topology === "single" && hosts.length > 1) {
    throw new Error("several hosts need a topology: redis+sentinel:// or redis+cluster:// (rediss+… for TLS)")
  }
  return hosts.map((host) => parseHost(host, topology === "sentinel" ? 26_379 : 6_379))
}

function parseHost(text: string, defaultPort: number): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[3] ?? defaultPort)
  if (!match || port < 1 || port > 65_535) {
    throw new Error(
      "each host must be a name, an IPv4 address or an IPv6 address in brackets, with :port from 1 to 65535 or without; " +
        "in a user or a password, the characters :/?#@ must be percent-encoded",
    )
  }
  return { host: match[1] ?? match[2] ?? "", port }
}

function parsePath(
  path: string,
  topology: RedisTarget["topology"],
): Pick<RedisTarget, "masterName" | "database"> {
  if (topology === "single") return { masterName: "", database: parseDatabase(path) }
  if (topology === "cluster") {
    if (path === "") return { masterName: "", database: 0 }
    throw new Error("a Cluster has one database only, so nothing may come after the hosts")
  }
  const [name = "", database = "", ...rest] = path.split("/")
  if (name === "" || rest.length > 0) {
    throw new Error(
      "after the Sentinels comes /<master name>[/database]: the name of the `sentinel monitor` line, for example /mymaster",
    )
  }
  return { masterName: decoded("master name", name), database: parseDatabase(database) }
}

function parseDatabase(text: string): number {
  if (/^\d{0,5}$/.test(text)) return Number(text)
  throw new Error("the database must be a whole number, for example /0")
}

function parseParameters(
  query: string,
  isTls: boolean,
  topology: RedisTarget["topology"],
): Pick<RedisTarget, "tls" | "sentinelCredentials"> {
  const given = new URLSearchParams(query)
  const known: readonly string[] = [...FILES, ...SENTINEL_PARAMETERS]
  if (
    [...given].some(([name, value]) => !known.includes(name) || value === "" || given.getAll(name).length > 1)
  ) {
    throw new Error(`the parameters after ? may be ${known.join(", ")}, each once and with a value`)
  }
  if (!isTls && FILES.some((name) => given.has(name))) {
    throw new Error("the parameters ca, cert and key are for TLS: the URL must begin with rediss")
  }
  if (given.has("cert") !== given.has("key")) {
    throw new Error("the parameters cert and key belong together: a client certificate and its private key")
  }
  if (topology !== "sentinel" && SENTINEL_PARAMETERS.some((name) => given.has(name))) {
    throw new Error("the parameters sentinel_user and sentinel_password are for redis+sentinel:// only")
  }
  const file = (name: (typeof FILES)[number]) => given.get(name)
  return {
    tls: isTls ? { ca: file("ca"), cert: file("cert"), key: file("key") } : null,
    sentinelCredentials: { username: given.get("sentinel_user"), password: given.get("sentinel_password") },
  }
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error(`the ${part} must be percent-encoded: % is written %25`)
  }
}
