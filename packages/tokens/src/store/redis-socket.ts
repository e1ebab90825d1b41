import { readFile } from "node:fs/promises"
import { COMMAND_LIMIT_MS, NoAnswerError, within } from "./redis-time-limit.ts"
import type { Address, Credentials, RedisTarget } from "./redis-url.ts"

/** How long a connection may take to be made, TLS and credentials included. */
const CONNECT_LIMIT_MS = 2_000
/** A connection on which nothing came for so long while an answer was due is given up. */
const SILENCE_MS = 400

/** A word of a command. */
export type Word = string | Buffer

/** What a connection needs beside an address. */
export type RedisAccess = {
  readonly credentials: Credentials
  readonly database: number
  readonly tls: RedisTarget["tls"]
}

/**
 * One connection, from its making to its loss: it never reconnects, so two commands on it have met the same server process. Commands are answered in
 * the order in which they were sent.
 */
export type RedisSocket = {
  readonly address: Address
  /**
   * Sends at once, or rejects: nothing is queued.
   * @param options.limitMs 500 unless told otherwise
   * @param options.bytes texts in the reply are Buffers
   * @throws NoAnswerError, an error reply of Redis, or what befell the connection
   */
  send(words: readonly Word[], options?: { limitMs?: number; bytes?: boolean }): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Lets what is under way finish, within 500 ms. */
  close(): Promise<void>
  destroy(): void
  /** Ends the connection as if it had been lost. */
  lose(error: Error): void
}

/**
 * @param onLost told once where the connection ends, unless by `close` or `destroy`
 * @param signal gives up the attempt to connect
 */
export type WatchSocket = { onLost: (error: Error) => void; signal: AbortSignal }

/**
 * Connects to one server, within two seconds.
 * @throws Error that names the address and what is wrong; it carries no credential
 */
export async function openSocket(
  address: Address,
  access: RedisAccess,
  { onLost, signal }: WatchSocket,
): Promise<RedisSocket> {
  // Loaded here, so that who only checks a URL does not load the client.
  const { createClient, ErrorReply, RESP_TYPES } = await import("@redis/client")
  const { username, password } = access.credentials
  const client = createClient({
    // A user without a password (`nopass`) is let in by any; without one, the client would not name the user.
    ...(username === null && password === null
      ? {}
      : { username: username ?? "default", password: password ?? "-" }),
    database: access.database,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    // The limit is ours (`within`); the client's own would cost a timer and a signal a command.
    commandOptions: { timeout: 0 },
    socket: {
      host: address.host,
      port: address.port,
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectStrategy: false,
      ...(access.tls === null ? {} : { tls: true as const, ...(await readTlsFiles(access.tls)) }),
    },
  })
  let connected = false
  let over = false
  const end = () => {
    over = true
    client.destroy()
  }
  let lost: Error | null = null
  const lose = (error: Error) => {
    if (over) return
    lost = failure(address, error)
    end()
    onLost(lost)
  }
  client.on("error", (error: Error) => {
    if (connected) lose(error)
  })
  // `destroy` does not reach a socket that is still on its way: it must neither outlive the attempt nor hold the process.
  client.unref()
  const connecting = client.connect()
  connecting.then(
    () => over && client.destroy(),
    () => {},
  )
  try {
    await within(CONNECT_LIMIT_MS, orAborted(signal, connecting))
    connected = true
    client.ref()
  } catch (error) {
    end()
    throw failure(address, error)
  }

  const asBytes = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }
  let replies = 0
  return {
    address,
    send: async (words, { limitMs = COMMAND_LIMIT_MS, bytes = false } = {}) => {
      const before = replies
      try {
        const reply = await within(limitMs, client.sendCommand(words, bytes ? asBytes : undefined))
        replies++
        return reply
      } catch (error) {
        if (error instanceof ErrorReply) replies++
        if (error instanceof NoAnswerError && limitMs >= SILENCE_MS && replies === before) lose(error)
        throw lost ?? error
      }
    },
    subscribe: async (channel, listener) => {
      await within(COMMAND_LIMIT_MS, client.subscribe(channel, listener))
    },
    close: async () => {
      if (over) return
      over = true
      await within(COMMAND_LIMIT_MS, client.close()).catch(() => client.destroy())
    },
    destroy: end,
    lose,
  }
}

async function orAborted<T>(signal: AbortSignal, reply: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener("abort", abort)
  try {
    return await Promise.race([reply, promise])
  } finally {
    signal.removeEventListener("abort", abort)
  }
}

async function readTlsFiles(files: NonNullable<RedisTarget["tls"]>) {
  const read = async (name: "ca" | "cert" | "key") => {
    const path = files[name]
    if (path === null) return {}
    const pem = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      throw new Error(
        `the file of the parameter ${name}, ${path}, cannot be read (${cause.code}); is it there, and may this user read it?`,
      )
    })
    return { [name]: pem }
  }
  return { ...(await read("ca")), ...(await read("cert")), ...(await read("key")) }
}

/** The error that people see: which server, what happened, and what to do where that is known. */
function failure({ host, port }: Address, cause: unknown): Error {
  const { code = "", message = "" } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {}
  const what = message || code || "no connection"
  return new Error(`Redis at ${host}:${port}: ${what}${adviceOn(code, message)}`, { cause })
}

function adviceOn(code: string, message: string): string {
  if (/^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_)/.test(code)) {
    return "; its certificate is not trusted: name the CA that signed it with ?ca=/path/to/ca.pem in the URL"
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "; name the host as its certificate does"
  if (message.startsWith("WRONGPASS") || message.startsWith("NOAUTH"))
    return " Check the user and the password in the URL."
  return ""
}
