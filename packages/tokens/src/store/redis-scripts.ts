import { type CommandParser, defineScript } from "@redis/client"

/**
 * One atomic script an operation. All keys of a call bear one `{tag}`, so that they live on one slot: the key that is declared sends the
 * call there, and those that a script makes of what it reads (a session from an index, an index from a session) bear the same tag.
 * Every script gets the prefix of all keys as ARGV[1] and the tag as ARGV[2].
 *
 * A code is a hash; a session is a packed text (see `session-packing.ts`), of which the scripts read only the fixed fields:
 * bytes 2–10 last use, 11–19 expiry, 29–44 id, then JSON whose first element is the account id and whose eighth is the family. An account's index
 * is a sorted set of digests by expiry in seconds. A family of refresh tokens is a hash beside the session that bears its digest.
 */
export const script = <Reply>(source: string) =>
  defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: KEY + source,
    parseCommand(parser: CommandParser, key: string, args: string[]) {
      parser.pushKey(key)
      parser.push(...args)
    },
    transformReply: undefined as unknown as () => Reply,
  })

const KEY = `
local function key(kind, name) return ARGV[1] .. kind .. ':{' .. ARGV[2] .. '}' .. name end
`

/**
 * Shared by the scripts that create a session: `given` are 6 values: digest, packed session, ttl in ms, account id, expiry in s, now in s. Drops index
 * entries that have expired.
 */
const CREATE = `
local function create(digest, value, ttl, account, expiry, now)
  local indexKey = key('i', account)
  redis.call('SET', key('s', digest), value, 'PX', ttl)
  redis.call('ZREMRANGEBYSCORE', indexKey, '-inf', now)
  redis.call('ZADD', indexKey, expiry, digest)
  if redis.call('PTTL', indexKey) < tonumber(ttl) then redis.call('PEXPIRE', indexKey, ttl) end
end
local function createFamily(digest, ttl, current, access, accessValue, accessTtl)
  redis.call('SET', key('s', access), accessValue, 'PX', accessTtl)
  redis.call('HSET', key('r', digest), 'current', current, 'access', access)
  redis.call('PEXPIRE', key('r', digest), ttl)
end
`

/** Shared by the scripts that end sessions: the session, its index entry, its family and its access tokens. Returns 1 where a live one was ended. */
const END = `
local function finish(digest, account, now)
  local value = redis.call('GET', key('s', digest))
  redis.call('ZREM', key('i', account), digest)
  for _, access in ipairs(redis.call('HMGET', key('r', digest), 'access', 'accessBefore')) do
    if access then redis.call('DEL', key('s', access)) end
  end
  redis.call('DEL', key('r', digest))
  if not value then return 0 end
  redis.call('DEL', key('s', digest))
  if string.sub(value, 11, 19) <= now then return 0 end
  return 1
end
`

export const scripts = {
  /** KEYS code. ARGV 3 ttl in ms, then field and value pairs. A code that has been used stays as it is. */
  putCode: script<string>(`
local used = redis.call('HGET', KEYS[1], 'usedBy')
if used and used ~= '' then return 'OK' end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'OK'
`),

  /** KEYS code. ARGV 3 now in base36 ms, 4 used-code ttl in ms, 5–10 as `create` takes them, 11–14 the rest of `createFamily` or nothing. */
  redeemCode: script<string>(`${CREATE}${END}
local used = redis.call('HGET', KEYS[1], 'usedBy')
if not used then return 'unknown' end
if used ~= '' then
  if redis.call('HGET', KEYS[1], 'endsOnReplay') == '1' then finish(used, ARGV[8], ARGV[3]) end
  return 'replayed'
end
redis.call('HSET', KEYS[1], 'usedBy', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
create(unpack(ARGV, 5, 10))
if ARGV[11] then createFamily(ARGV[5], ARGV[7], unpack(ARGV, 11, 14)) end
return 'redeemed'
`),

  /** KEYS session. ARGV 3–8 as `create` takes them, 9–12 the rest of `createFamily` or nothing. */
  createSession: script<string>(`${CREATE}
create(unpack(ARGV, 3, 8))
if ARGV[9] then createFamily(ARGV[3], ARGV[5], unpack(ARGV, 9, 12)) end
return 'OK'
`),

  /**
   * KEYS family. ARGV 3 family, 4 account id, 5 now in base36 ms, 6 now in ms, 7 grace in ms, 8 presented, 9 next, 10 nonce, 11 access digest, 12 packed access, 13 its ttl in ms.
   * Returns the outcome and, where it is repeated, the nonce, the access digest and the packed access.
   */
  rotateRefresh: script<string[]>(`${END}
local family = redis.call('HMGET', KEYS[1], 'current', 'previous', 'rotatedAt', 'nonce', 'access', 'accessBefore')
local session = redis.call('GET', key('s', ARGV[3]))
if not family[1] or not session then return { 'unknown' } end
if family[1] == ARGV[8] then
  if family[6] then redis.call('DEL', key('s', family[6])) end
  redis.call('SET', key('s', ARGV[11]), ARGV[12], 'PX', ARGV[13])
  redis.call('HSET', KEYS[1], 'current', ARGV[9], 'previous', ARGV[8], 'rotatedAt', ARGV[6], 'nonce', ARGV[10],
    'access', ARGV[11], 'accessBefore', family[5])
  if string.sub(session, 2, 10) < ARGV[5] then redis.call('SETRANGE', key('s', ARGV[3]), 1, ARGV[5]) end
  return { 'rotated' }
end
if family[2] == ARGV[8] and math.abs(tonumber(ARGV[6]) - tonumber(family[3])) < tonumber(ARGV[7]) then
  local access = redis.call('GET', key('s', family[5]))
  if access then return { 'repeated', family[4], family[5], access } end
end
finish(ARGV[3], ARGV[4], ARGV[5])
return { 'replayed' }
`),

  /** KEYS session of a family. ARGV 3 family. Returns the packed session and the digest of the current refresh token, or nothing. */
  findRefresh: script<(string | null)[]>(`
return { redis.call('GET', KEYS[1]), redis.call('HGET', key('r', ARGV[3]), 'current') }
`),

  /** KEYS index. Returns digest, value, digest, value… */
  listSessions: script<string[]>(`
local found = {}
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local value = redis.call('GET', key('s', digest))
  if value then
    found[#found + 1] = digest
    found[#found + 1] = value
  end
end
return found
`),

  /**
   * KEYS session. ARGV 3 now and 4 the latest last use that is still to be overwritten, both base36 ms. The use of an access token is one of its family's session, too.
   * Never brings back an ended session.
   */
  touchSession: script<number>(`
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 2, 10) > ARGV[4] then return 0 end
redis.call('SETRANGE', KEYS[1], 1, ARGV[3])
local family = cjson.decode(string.sub(value, 45))[8]
if family then
  local last = redis.call('GETRANGE', key('s', family), 1, 9)
  if last ~= '' and last < ARGV[3] then redis.call('SETRANGE', key('s', family), 1, ARGV[3]) end
end
return 1
`),

  /** KEYS session. ARGV 3 digest, 4 now in base36 ms. All of a session goes in one step. */
  revokeByDigest: script<number>(`${END}
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 11, 19) <= ARGV[4] then return 0 end
local fields = cjson.decode(string.sub(value, 45))
return finish(fields[8] or ARGV[3], fields[1], ARGV[4])
`),

  /** KEYS kept text. ARGV 3 now in base36 ms, 4 expiry in the same, then the text, 5 ttl in ms. Returns 0 where a live one is there. */
  keep: script<number>(`
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('GETRANGE', KEYS[1], 0, 8) > ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
return 1
`),

  /** KEYS index. ARGV 3 account id, 4 session id, 5 now in base36 ms. */
  revokeById: script<number>(`${END}
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('GETRANGE', key('s', digest), 28, 43) == ARGV[4] then
    return finish(digest, ARGV[3], ARGV[5])
  end
end
return 0
`),

  /** KEYS index. ARGV 3 account id, 4 id of the session to spare or '', 5 now in base36 ms. */
  revokeAll: script<number>(`${END}
local ended = 0
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if ARGV[4] == '' or redis.call('GETRANGE', key('s', digest), 28, 43) ~= ARGV[4] then
    ended = ended + finish(digest, ARGV[3], ARGV[5])
  end
end
return ended
`),
}
