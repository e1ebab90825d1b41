import { CREATE, END, ERAS, RECORDS, script, type Told, vitalScript } from "./redis-script-parts.ts"

export const scripts = {
  /** ARGV 1 now, 2… as \`create\` takes them. */
  createSession: script<string>(
    3,
    `${RECORDS}${CREATE}
create(tonumber(ARGV[1]), unpack(ARGV, 2))
return 'OK'
`,
  ),

  /** ARGV 1 digest. Returns its record, that of its session, and what is shown; nothing where there is none. */
  findSession: vitalScript<Buffer[]>(
    1,
    `${RECORDS}
local record = redis.call('HGET', s, ARGV[1])
if not record then return {} end
local family = familyOf(record)
local session = family and redis.call('HGET', s, family) or record
if not session then return {} end
return { record, session, redis.call('HGET', s, idOf(session)) or '' }
`,
  ),

  /** ARGV 1 family. Returns the session's record, what is shown, and the family's JSON; nothing where there is none. */
  findRefresh: script<Buffer[]>(
    2,
    `${RECORDS}
local record, family = redis.call('HGET', s, ARGV[1]), redis.call('HGET', r, ARGV[1])
if not record or not family then return {} end
return { record, redis.call('HGET', s, idOf(record)) or '', family }
`,
  ),

  /**
   * ARGV 3 family, 4 now, 5 now as 6 bytes, 6 grace in ms, 7 presented, 8 next, 9 nonce, 10 access digest, 11 access record.
   * Says the outcome and, where it is repeated, the nonce, the access digest, its record, that of its session, and what is shown.
   */
  rotateRefresh: script<Told<Buffer[]>>(
    3,
    `${RECORDS}${END}
local digest, now = ARGV[3], tonumber(ARGV[4])
local family, record = redis.call('HGET', r, digest), redis.call('HGET', s, digest)
if not family or not record then return told('unknown') end
family = cjson.decode(family)
if family.current == ARGV[7] then
  if family.accessBefore and redis.call('HDEL', s, family.accessBefore) == 1 then
    bury(family.accessBefore, idOf(record), accountOf(record))
  end
  redis.call('HSET', s, ARGV[10], ARGV[11])
  redis.call('HSET', r, digest, cjson.encode({ current = ARGV[8], previous = ARGV[7], rotatedAt = ARGV[4], nonce = ARGV[9],
    access = ARGV[10], accessBefore = family.access }))
  if lastUse(record) < now then
    redis.call('HSET', s, digest, string.sub(record, 1, 1) .. ARGV[5] .. string.sub(record, 8))
  end
  return told('rotated')
end
if family.previous == ARGV[7] and math.abs(now - tonumber(family.rotatedAt)) < tonumber(ARGV[6]) then
  local access = redis.call('HGET', s, family.access)
  if access then
    return told('repeated', family.nonce, family.access, access, record, redis.call('HGET', s, idOf(record)) or '')
  end
end
finish(digest, now)
return told('replayed')
`,
  ),

  /** Returns fields and values. */
  listSessions: script<Buffer[]>(1, "return redis.call('HGETALL', KEYS[1])"),

  /**
   * ARGV 1 digest, 2 now as 6 bytes, 3 the latest last use that is still to be overwritten. The use of an access token is one of its family's session, too.
   * Never brings back an ended session.
   */
  touchSession: script<number>(
    1,
    `${RECORDS}
local function touch(digest, record)
  redis.call('HSET', s, digest, string.sub(record, 1, 1) .. ARGV[2] .. string.sub(record, 8))
end
local record = redis.call('HGET', s, ARGV[1])
if not record or lastUse(record) > tonumber(ARGV[3]) then return 0 end
touch(ARGV[1], record)
local family = familyOf(record)
if family then
  local session = redis.call('HGET', s, family)
  if session and lastUse(session) < number(ARGV[2], 1) then touch(family, session) end
end
return 1
`,
  ),

  /** ARGV 3 digest, 4 now. All of a session goes in one step. */
  revokeByDigest: vitalScript<Told>(
    3,
    `${RECORDS}${END}
local record, now = redis.call('HGET', s, ARGV[3]), tonumber(ARGV[4])
if record and expiry(record) > now then
  finish(familyOf(record) or ARGV[3], now)
  return told()
end
local tombstone = redis.call('HGET', t, ARGV[3])
if tombstone then unsettled(function(other) return other == tombstone end) end
return told()
`,
  ),

  /** ARGV 3 account id, 4 session id as bytes, 5 now. */
  revokeById: vitalScript<Told>(
    3,
    `${RECORDS}${END}
local found = redis.call('HGETALL', s)
for i = 1, #found, 2 do
  local digest, record = found[i], found[i + 1]
  if isDigest(digest) and not familyOf(record) and idOf(record) == ARGV[4] and accountOf(record) == ARGV[3] then
    finish(digest, tonumber(ARGV[5]))
    return told()
  end
end
unsettled(function(tombstone) return tombstone == ARGV[4] .. ARGV[3] end)
return told()
`,
  ),

  /**
   * KEYS[4] `e:{tag}`, KEYS[5] `w:{tag}`. ARGV 3 account id, 4 id of the session to spare as bytes or '', 5 now, 6 the longest life of a code in ms. Says the era that begins, and how
   * many codes waited.
   */
  revokeAll: vitalScript<Told<[era: number, voided: number]>>(
    5,
    `${RECORDS}${END}${ERAS}
local era = beginEra(KEYS[4], ARGV[3], ARGV[6])
local voided = forgetWaiting(KEYS[5], ARGV[3], tonumber(ARGV[5]))
local found = redis.call('HGETALL', s)
unsettled(function(tombstone) return string.sub(tombstone, 13) == ARGV[3] and string.sub(tombstone, 1, 12) ~= ARGV[4] end)
for i = 1, #found, 2 do
  local digest, record = found[i], found[i + 1]
  if isDigest(digest) and not familyOf(record) and accountOf(record) == ARGV[3] and idOf(record) ~= ARGV[4] then
    finish(digest, tonumber(ARGV[5]))
  end
end
return told(era, voided)
`,
  ),

  /**
   * ARGV 3 client id as `packShown` writes it, or '' for the one that it leaves out, 4 now. The client is the last of four texts: they are
   * counted, because a text that a machine gave as its own may be the last of three.
   */
  revokeClient: vitalScript<Told>(
    3,
    `${RECORDS}${END}
local function isOfClient(shown)
  local _, texts = string.gsub(string.gsub(shown, '\\\\.', ''), '"[^"]*"', '')
  if ARGV[3] == '' then return texts < 4 end
  return texts == 4 and string.sub(shown, -#ARGV[3] - 2) == ',' .. ARGV[3] .. ']'
end
local now, found = tonumber(ARGV[4]), redis.call('HGETALL', s)
unsettled(function() return true end)
for i = 1, #found, 2 do
  local digest, record = found[i], found[i + 1]
  if isDigest(digest) and not familyOf(record) and isOfClient(redis.call('HGET', s, idOf(record)) or '') then
    finish(digest, now)
  end
end
return told()
`,
  ),

  /**
   * ARGV 3 now, 4… digests that were revoked before. Ends once more what is still there, and writes in any case: a WAIT after it speaks of all that was written before it.
   */
  reassert: vitalScript<Told>(
    3,
    `${RECORDS}${END}
local now = tonumber(ARGV[3])
for i = 4, #ARGV do
  local record = redis.call('HGET', s, ARGV[i])
  if record then finish(familyOf(record) or ARGV[i], now) end
  redis.call('HSETNX', t, ARGV[i], '')
end
redis.call('PEXPIRE', t, 600000)
return told()
`,
  ),

  /** ARGV digests that nobody keeps in memory any more. */
  settle: vitalScript<number>(3, "return redis.call('HDEL', KEYS[3], unpack(ARGV))"),

  /** KEYS kept text alone. ARGV 1 now, 2 expiry and the text with a space between, 3 ttl in ms. Returns 0 where a live one is there. */
  keep: script<number>(
    1,
    `
local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^%d+')) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`,
  ),

  /** KEYS kept text alone. */
  recall: script<Buffer | null>(1, "return redis.call('GET', KEYS[1])"),

  /** KEYS kept text alone. */
  take: script<Buffer | null>(1, "return redis.call('GETDEL', KEYS[1])"),

  /** Says that the server answers. */
  ping: script<string>(1, "return redis.call('EXISTS', KEYS[1])"),
}
