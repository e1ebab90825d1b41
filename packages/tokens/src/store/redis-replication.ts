import type { Link } from "./redis-link.ts"
import { byDigest, byText, isReadOnly, isReply, type ScriptCall } from "./redis-script-call.ts"
import type { RedisSocket } from "./redis-socket.ts"
import { COMMAND_LIMIT_MS, within } from "./redis-time-limit.ts"

/** Runs scripts and waits until replicas have what they wrote. */
export type Replication = {
  /**
   * @param replicas how many are waited for
   * @param limitMs how long they are waited for
   * @returns how many replicas have it: fewer than asked for where the time was over
   * @throws Error where the script was not run, or nothing is known of the replicas
   */
  run(call: ScriptCall, replicas: number, limitMs: number): Promise<number>
  /** Whether a `WAIT` is under way, which holds up all that is sent behind it. */
  isWaiting(): boolean
}

type Waiting = {
  readonly call: ScriptCall
  readonly replicas: number
  readonly until: number
  readonly withText: boolean
  resolve(replicas: number): void
  reject(error: unknown): void
}

/**
 * `WAIT` blocks its connection and speaks of what that connection did before it, so the link is used for nothing else. Calls that come while a `WAIT` is under
 * way are sent together when it is answered, and share the next one. Script and `WAIT` go out in one write on one socket, which never reconnects: where the answer
 * of either is missing, the call fails. The offset that `WAIT` compares is that of the primary after the script, so a script that found its work done waits for
 * whoever did it.
 */
export function createReplication(link: Link): Replication {
  let waiting: Waiting[] = []
  let isBusy = false

  const work = async () => {
    isBusy = true
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        const unknown = await sendGroup(await link.connected(), group)
        waiting.unshift(...unknown)
      } catch (error) {
        for (const one of group) one.reject(error)
      }
    }
    isBusy = false
  }

  /** Settles the calls of a group; returns those whose script the server must be sent as text. */
  const sendGroup = async (socket: RedisSocket, group: readonly Waiting[]): Promise<Waiting[]> => {
    const replicas = Math.max(...group.map((one) => one.replicas))
    const waitMs = Math.max(1, Math.ceil(Math.max(...group.map((one) => one.until)) - performance.now()))
    const limitMs = waitMs + COMMAND_LIMIT_MS
    const send = (words: Parameters<RedisSocket["send"]>[0]) => settled(socket.send(words, { limitMs }))
    const scripts = group.map((one) => send(one.withText ? byText(one.call) : byDigest(one.call)))
    const wait = send(["WAIT", String(replicas), String(waitMs)])
    const [waited, ...replies] = await Promise.all([wait, ...scripts])
    if (!waited.ok || replies.some((reply) => !reply.ok && isReadOnly(reply.error))) link.renew(socket)
    const again: Waiting[] = []
    for (const [index, one] of group.entries()) {
      const reply = replies[index] ?? waited
      if (!reply.ok && isReply(reply.error, "NOSCRIPT") && !one.withText)
        again.push({ ...one, withText: true })
      else if (!reply.ok) one.reject(reply.error)
      else if (!waited.ok) one.reject(waited.error)
      else one.resolve(Number(waited.value))
    }
    return again
  }

  return {
    isWaiting: () => isBusy,
    run: (call, replicas, limitMs) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      waiting.push({ call, replicas, until: performance.now() + limitMs, withText: false, resolve, reject })
      if (!isBusy) void work()
      return within(limitMs + COMMAND_LIMIT_MS, promise)
    },
  }
}

type Settled =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

async function settled(reply: Promise<unknown>): Promise<Settled> {
  try {
    return { ok: true, value: await reply }
  } catch (error) {
    return { ok: false, error }
  }
}
