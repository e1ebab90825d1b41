import { createHash } from "node:crypto"

const script = <Reply>(source: string) => ({
  SCRIPT: source,
  SHA1: createHash("sha1").update(source).digest("hex"),
  transformReply: undefined as unknown as () => Reply,
})

/** Scripts for what is tried out on Redis's topologies. */
export const scripts = {
  /** KEYS a counter and a list. ARGV a name. Both are written, so that one without the other shows. */
  note: script<number>("redis.call('RPUSH', KEYS[2], ARGV[1]) return redis.call('INCR', KEYS[1])"),
  /** KEYS a counter. */
  add: script<number>("return redis.call('INCR', KEYS[1])"),
  /** KEYS a counter. Writes nothing. */
  find: script<Buffer | null>("return redis.call('GET', KEYS[1])"),
  /** KEYS a list. */
  list: script<Buffer[]>("return redis.call('LRANGE', KEYS[1], 0, -1)"),
  /** KEYS any. ARGV channel, message. */
  publish: script<number>("return redis.call('PUBLISH', ARGV[1], ARGV[2])"),
}
