import { type CommandParser, defineScript } from "@redis/client"

/**
 * One atomic script an operation. All keys of a call share the account's `{tag}`, so that they live on one slot; keys that a
 * script derives from what it reads (a session from an index, an index from a session) bear the same tag.
 *
 * A code is a hash; a session is a packed text (see `session-packing.ts`), of which the scripts read only the fixed fields:
 * bytes 2–10 last use, 11–19 expiry, 29–44 id, then JSON whose first element is the account id. An account's index is a sorted
 * set of digests by expiry in seconds.
 */
const script = <Reply>(numberOfKeys: number, source: string) =>
  defineScript({
    NUMBER_OF_KEYS: numberOfKeys,
    SCRIPT: source,
    parseCommand(parser: CommandParser, keys: string[], args: string[]) {
      for (const key of keys) parser.pushKey(key)
      parser.push(...args)
    },
    transformReply: undefined as unknown as () => Reply,
  })

/** Shared by the scripts that create a session. Drops index entries that have expired. */
const CREATE = `
local function create(sessionKey, value, ttl, indexKey, digest, expiry, now)
  redis.call('SET', sessionKey, value, 'PX', ttl)
  redis.call('ZREMRANGEBYSCORE', indexKey, '-inf', now)
  redis.call('ZADD', indexKey, expiry, digest)
  if redis.call('PTTL', indexKey) < tonumber(ttl) then redis.call('PEXPIRE', indexKey, ttl) end
end
`

/** Shared by the scripts that end sessions. Returns 1 where a live one was ended. */
const END = `
local function finish(sessionKey, indexKey, digest, now)
  local value = redis.call('GET', sessionKey)
  redis.call('ZREM', indexKey, digest)
  if not value then return 0 end
  redis.call('DEL', sessionKey)
  if string.sub(value, 11, 19) <= now then return 0 end
  return 1
end
`

export const scripts = {
  /** KEYS code. ARGV ttl in ms, then field and value pairs. */
  putCode: script<string>(
    1,
    `
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 'OK'
`,
  ),

  /** KEYS code, session, index. ARGV value, ttl in ms, digest, expiry in s, now in s, used-code ttl in ms, session key prefix, now in base36 ms. */
  redeemCode: script<string>(
    3,
    `${CREATE}${END}
local used = redis.call('HGET', KEYS[1], 'usedBy')
if not used then return 'unknown' end
if used ~= '' then
  finish(ARGV[7] .. used, KEYS[3], used, ARGV[8])
  return 'replayed'
end
redis.call('HSET', KEYS[1], 'usedBy', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
create(KEYS[2], ARGV[1], ARGV[2], KEYS[3], ARGV[3], ARGV[4], ARGV[5])
return 'redeemed'
`,
  ),

  /** KEYS session, index. ARGV value, ttl in ms, digest, expiry in s, now in s. */
  createSession: script<string>(
    2,
    `${CREATE}
create(KEYS[1], ARGV[1], ARGV[2], KEYS[2], ARGV[3], ARGV[4], ARGV[5])
return 'OK'
`,
  ),

  /** KEYS index. ARGV session key prefix. Returns digest, value, digest, value… */
  listSessions: script<string[]>(
    1,
    `
local found = {}
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local value = redis.call('GET', ARGV[1] .. digest)
  if value then
    found[#found + 1] = digest
    found[#found + 1] = value
  end
end
return found
`,
  ),

  /** KEYS session. ARGV now and the latest last use that is still to be overwritten, both base36 ms. Never brings back an ended session. */
  touchSession: script<number>(
    1,
    `
local last = redis.call('GETRANGE', KEYS[1], 1, 9)
if last == '' or last > ARGV[2] then return 0 end
redis.call('SETRANGE', KEYS[1], 1, ARGV[1])
return 1
`,
  ),

  /** KEYS session. ARGV index key prefix, digest, now in base36 ms. The session's key and its index entry go in one step. */
  revokeByDigest: script<number>(
    1,
    `${END}
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
local accountId = cjson.decode(string.sub(value, 45))[1]
return finish(KEYS[1], ARGV[1] .. accountId, ARGV[2], ARGV[3])
`,
  ),

  /** KEYS index. ARGV session key prefix, session id, now in base36 ms. */
  revokeById: script<number>(
    1,
    `${END}
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('GETRANGE', ARGV[1] .. digest, 28, 43) == ARGV[2] then
    return finish(ARGV[1] .. digest, KEYS[1], digest, ARGV[3])
  end
end
return 0
`,
  ),

  /** KEYS index. ARGV session key prefix, id of the session to spare or '', now in base36 ms. */
  revokeAll: script<number>(
    1,
    `${END}
local ended = 0
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if ARGV[2] == '' or redis.call('GETRANGE', ARGV[1] .. digest, 28, 43) ~= ARGV[2] then
    ended = ended + finish(ARGV[1] .. digest, KEYS[1], digest, ARGV[3])
  end
end
return ended
`,
  ),
}
