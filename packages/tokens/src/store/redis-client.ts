import { createCluster } from "./redis-cluster.ts"
import { onLink, type Primary } from "./redis-primary.ts"
import { byText, callScript, type Script, type ScriptCall } from "./redis-script-call.ts"
import { createSentinel } from "./redis-sentinel.ts"
import type { Word } from "./redis-socket.ts"
import { createSubscriptions } from "./redis-subscriptions.ts"
import { available, COMMAND_LIMIT_MS, unavailable, within } from "./redis-time-limit.ts"
import { createSingle, type Topology } from "./redis-topology.ts"
import { parseRedisUrl, type RedisTarget } from "./redis-url.ts"

export { type Address, type Credentials, parseRedisUrl, type RedisTarget } from "./redis-url.ts"
export type { Script, Word }

/** Two seconds for finding the servers, and two for connecting to them. */
const START_LIMIT_MS = 4_000

/** Scripts by name, made by `defineScript` of `@redis/client`. */
export type Scripts = Readonly<Record<string, Script & { transformReply: () => unknown }>>

/** A primary, by the connection that the commands go over. */
export type RedisNode = {
  /**
   * Sends one command, never to another node.
   * @throws StoreUnavailableError where there is no connection, no answer within 500 ms, or an error reply
   */
  send(words: readonly Word[]): Promise<unknown>
}

/** A connection to Redis, of whatever topology. All methods reject with StoreUnavailableError, whatever went wrong, within 500 ms unless they say otherwise. */
export type RedisClient<S extends Scripts> = {
  /**
   * Runs a script. It must declare every key that it touches, all on one slot: while a slot moves, Redis refuses a script by its declared keys alone.
   * Texts in the reply are Buffers.
   */
  readonly scripts: {
    readonly [Name in keyof S]: (
      keys: readonly string[],
      args: readonly Word[],
    ) => Promise<ReturnType<S[Name]["transformReply"]>>
  }
  /** Runs a script that is not one of these. */
  eval(source: string, given: { keys?: readonly string[]; arguments?: readonly Word[] }): Promise<unknown>
  /** Every primary that is known. */
  primaries(): Promise<readonly RedisNode[]>
  /**
   * Runs a script and waits until replicas have what it wrote, or what it found written. Calls at the same time share one wait.
   * @param replicas how many are waited for
   * @param limitMs how long they are waited for: with what comes before, the call may take that and half a second
   * @returns how many replicas have it: fewer than asked for where the time was over
   */
  replicated(
    name: keyof S & string,
    keys: readonly string[],
    args: readonly Word[],
    replicas: number,
    limitMs: number,
  ): Promise<number>
  /**
   * Listens on a connection of its own. Resolves when messages are heard. After a loss of the connection they are heard again by themselves; what was
   * published meanwhile is missed.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Lets what is under way finish, within 500 ms, and ends all connections. */
  close(): Promise<void>
}

/**
 * Connects to Redis: one server, the primary that Sentinels name, or a Cluster. Commands go to primaries only. None is ever queued while there is no connection, and each is given
 * up after 500 ms. Connections are made anew by themselves, and a primary that was demoted or went silent is left.
 * Once written to a connection, a command is sent again only where Redis said that it was not done.
 * @param options.url see `parseRedisUrl`
 * @param options.onError told of connection troubles; the message carries no credential
 * @throws StoreUnavailableError where no server can be reached within four seconds, or a file that the URL names cannot be read
 */
export async function connectToRedis<S extends Scripts>(options: {
  url: string
  scripts: S
  onError?: ((error: Error) => void) | undefined
}): Promise<RedisClient<S>> {
  const target = parseRedisUrl(options.url)
  const onError = options.onError ?? (() => {})
  const topology = createTopology(target, onError)
  try {
    await within(START_LIMIT_MS, topology.connect())
  } catch (error) {
    await topology.close()
    throw unavailable(error)
  }
  return createRedisClient(topology, options.scripts, onError)
}

function createTopology(target: RedisTarget, onError: (error: Error) => void): Topology {
  const { topology, addresses, credentials, database, tls } = target
  const access = { credentials, database, tls }
  const [address] = addresses
  if (topology === "cluster") return createCluster(target, access, onError)
  if (topology === "sentinel" || address === undefined) return createSentinel(target, access, onError)
  return createSingle(address, access, onError)
}

function createRedisClient<S extends Scripts>(
  topology: Topology,
  scripts: S,
  onError: (error: Error) => void,
): RedisClient<S> {
  const subscriptions = createSubscriptions({ open: topology.openSubscriber, onError })

  const run = (call: ScriptCall, withText: boolean) => {
    const [key = ""] = call.keys
    return available(
      topology.visit(key, COMMAND_LIMIT_MS, ({ primary, asking, limitMs }) =>
        onLink(primary.commands, async (socket) => {
          if (!asking && !withText) return callScript(socket, call, limitMs)
          // ASKING lets the very next command in, so that must not be one that may have to be sent twice.
          if (asking) socket.send(["ASKING"]).catch(() => {})
          return socket.send(byText(call), { limitMs, bytes: true })
        }),
      ),
    )
  }
  const nodeOf = ({ commands }: Primary): RedisNode => ({
    send: (words) => available(onLink(commands, (socket) => socket.send(words))),
  })
  const calls = Object.entries(scripts).map(([name, script]) => [
    name,
    (keys: readonly string[], args: readonly Word[]) => run({ script, keys, args }, false),
  ])

  return {
    scripts: Object.fromEntries(calls) as RedisClient<S>["scripts"],
    eval: (source, { keys = [], arguments: args = [] }) =>
      run({ script: { SCRIPT: source, SHA1: "" }, keys, args }, true),
    primaries: async () => topology.primaries().map(nodeOf),
    replicated: (name, keys, args, replicas, limitMs) => {
      const call = { script: scripts[name] as Script, keys, args }
      const [key = ""] = keys
      return available(
        topology.visit(key, limitMs + COMMAND_LIMIT_MS, ({ primary }) =>
          primary.replication().run(call, replicas, limitMs),
        ),
      )
    },
    subscribe: (channel, listener) => available(subscriptions.subscribe(channel, listener)),
    close: async () => {
      await Promise.all([topology.close(), subscriptions.close()])
    },
  }
}
