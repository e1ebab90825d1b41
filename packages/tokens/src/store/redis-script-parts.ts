import { type CommandParser, defineScript } from "@redis/client"

/**
 * One atomic script an operation. What belongs to an account stands in three hashes that bear its `{tag}`, and so live on one slot; a code, in a key of its own
 * beside them. Every key that a script touches is declared: while a slot moves, Redis then refuses a script before it begins, never halfway.
 *
 * KEYS[1] `s:{tag}` sessions: a token's digest → a packed record (`session-packing.ts`, of which scripts read the fixed fields), a session's id → what is shown of it.
 * KEYS[2] `r:{tag}` refresh families: a family's digest → JSON. KEYS[3] `t:{tag}` tombstones: the digest of what ended, and was not yet seen to be forgotten everywhere →
 * the session's id and account. Where codes are read, voided or redeemed, the code, `e:{tag}` and `w:{tag}` besides (`redis-code-scripts.ts`). Digests are base64url texts; ids and records are bytes. Times are milliseconds in decimal digits.
 */
export const script = <Reply>(numberOfKeys: number, source: string) =>
  defineScript({
    NUMBER_OF_KEYS: numberOfKeys,
    SCRIPT: source,
    parseCommand(parser: CommandParser, keys: readonly string[], args: readonly (string | Buffer)[]) {
      for (const key of keys) parser.pushKey(key)
      parser.push(...args)
    },
    transformReply: undefined as unknown as () => Reply,
  })

/**
 * A script that is to work though Redis has used up the memory that it may: what verifies, and what ends sessions. By its first line Redis also takes it for one that may write, though it only read: a replica refuses it,
 * and so does a primary that lacks the replicas that it must have (`min-replicas-to-write`), since another may have taken its place. Redis 7.
 */
export const vitalScript = <Reply>(numberOfKeys: number, source: string) =>
  script<Reply>(numberOfKeys, `#!lua flags=allow-oom\n${source}`)

/** Reads packed records. Bytes are compared as numbers: Lua's order of texts depends on the server's locale. */
export const RECORDS = `
local s, r, t = KEYS[1], KEYS[2], KEYS[3]
local function number(text, first)
  local a, b, c, d, e, f = string.byte(text, first, first + 5)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end
local function lastUse(record) return number(record, 2) end
local function expiry(record) return number(record, 8) end
local function familyOf(record) if string.byte(record) == 2 then return string.sub(record, 15, 57) end end
local function idOf(record) return string.sub(record, 21, 32) end
local function accountOf(record) return string.sub(record, string.byte(record, 14) < 128 and 33 or 34 + string.byte(record, 33)) end
local function isDigest(field) return #field == 43 end
local function keep(key, ttl) if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end end
`

/** Keeps a session: 5 values: digest, record, id, what is shown, ttl in ms. With a family 4 more: the family's JSON, access digest, access record. Clears away a few that have expired. */
export const CREATE = `
local function sweep(now)
  local found = redis.call('HLEN', s) <= 128 and redis.call('HGETALL', s) or redis.call('HRANDFIELD', s, 16, 'WITHVALUES')
  for i = 1, #found, 2 do
    local field, record = found[i], found[i + 1]
    if isDigest(field) and expiry(record) <= now then
      redis.call('HDEL', s, field)
      if not familyOf(record) then
        redis.call('HDEL', s, idOf(record))
        redis.call('HDEL', r, field)
      end
    end
  end
end
local function create(now, digest, record, id, shown, ttl, family, access, accessRecord)
  redis.call('HSET', s, digest, record, id, shown)
  keep(s, ttl)
  if family then
    redis.call('HSET', s, access, accessRecord)
    redis.call('HSET', r, digest, family)
    keep(r, ttl)
  end
  sweep(now)
end
`

/**
 * Ends sessions. What ended is gathered in \`ended\`, to be told to everybody: it is pushed at once (\`ARGV[1]\` is the channel, ARGV[2] the tag), which may get lost, and stands as tombstones
 * until whoever asked has seen to it that nobody keeps it in memory. Of the live sessions among it, the record and what is shown are gathered in \`gone\`, in turn.
 */
export const END = `
local ended, gone = {}, {}
local function bury(digest, id, account)
  ended[#ended + 1] = digest
  redis.call('HSET', t, digest, id .. account)
end
local function finish(digest, now)
  local record = redis.call('HGET', s, digest)
  if not record then return end
  local id, account = idOf(record), accountOf(record)
  local family = redis.call('HGET', r, digest)
  if family then
    family = cjson.decode(family)
    for _, access in ipairs({ family.access, family.accessBefore }) do
      if redis.call('HDEL', s, access) == 1 then bury(access, id, account) end
    end
    redis.call('HDEL', r, digest)
  end
  if expiry(record) > now then
    gone[#gone + 1] = record
    gone[#gone + 1] = redis.call('HGET', s, id) or ''
  end
  redis.call('HDEL', s, digest, id)
  bury(digest, id, account)
end
local function unsettled(belongs)
  local found = redis.call('HGETALL', t)
  for i = 1, #found, 2 do
    if belongs(found[i + 1]) then ended[#ended + 1] = found[i] end
  end
end
local function told(...)
  if #ended > 0 then
    redis.call('PEXPIRE', t, 600000)
    local items = {}
    for i, digest in ipairs(ended) do items[i] = ARGV[2] .. '.' .. digest end
    redis.call('PUBLISH', ARGV[1], 'items ' .. table.concat(items, ' '))
  end
  return { ended, gone, ... }
end
`

/** Eras of accounts, and their codes that wait: see `redis-code-scripts.ts`. */
export const ERAS = `
local function beginEra(eras, account, ttl)
  local era = redis.call('HINCRBY', eras, account, 1)
  if redis.call('PTTL', eras) < tonumber(ttl) then redis.call('PEXPIRE', eras, ttl) end
  return era
end
local function forgetWaiting(waiting, account, now)
  local found, count = redis.call('HGETALL', waiting), 0
  for i = 1, #found, 2 do
    local expiry, of = string.match(found[i + 1], '^(%d+) (.*)$')
    local live = tonumber(expiry) > now
    if live and of == account then count = count + 1 end
    if not live or of == account then redis.call('HDEL', waiting, found[i]) end
  end
  return count
end
local function isVoid(code, eras)
  local found = redis.call('HMGET', code, 'accountId', 'usedBy', 'era')
  if not found[1] or found[2] ~= '' then return false end
  local era = redis.call('HGET', eras, found[1])
  return era and era ~= found[3]
end
`

/** What a script says that may end sessions: all digests that ended, what is known of the live sessions among it, and then what it says besides. */
export type Told<Rest extends unknown[] = []> = [ended: Buffer[], gone: Buffer[], ...Rest]
