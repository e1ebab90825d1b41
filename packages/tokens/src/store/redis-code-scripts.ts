import { CREATE, END, ERAS, RECORDS, script, type Told, vitalScript } from "./redis-script-parts.ts"

/**
 * Codes: a hash under the code's digest. `e:{tag}` keeps for each account with the tag its era, that is how often all its sessions were ended lately. A code notes the era in
 * which it is put, and is void in a later one: so nobody has to know which codes there are, and no clock decides what came first. An era is kept for as long as a code of the one
 * before it, and each of its own, can live: where none is kept, there is nothing to void.
 *
 * `w:{tag}` keeps which codes nobody has redeemed yet, each with its expiry and its account. It decides nothing: it tells whoever ends all sessions how many approvals that took
 * back. Servers of a version before it neither add their codes there nor take redeemed ones out.
 */
export const codeScripts = {
  /**
   * KEYS code, `e:{tag}`, `w:{tag}`. ARGV 1 ttl in ms, 2 account id, 3 now, 4 the code's digest, 5 its expiry, 6… field and value pairs. A code that has been used stays
   * as it is. Of the codes that waited, those that have expired are cleared away.
   */
  putCode: script<string>(
    3,
    `${ERAS}
local used = redis.call('HGET', KEYS[1], 'usedBy')
if used and used ~= '' then return 'OK' end
local era = redis.call('HGET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], 'era', era or '', unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[3]) >= 16 then forgetWaiting(KEYS[3], nil, tonumber(ARGV[3])) end
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5] .. ' ' .. ARGV[2])
if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[3], ARGV[1]) end
if era and redis.call('PTTL', KEYS[2]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
return 'OK'
`,
  ),

  /** KEYS code, `e:{tag}`. Returns fields and values; nothing where there is none, or a void one. */
  findCode: script<Buffer[]>(
    2,
    `${ERAS}
if isVoid(KEYS[1], KEYS[2]) then return {} end
return redis.call('HGETALL', KEYS[1])
`,
  ),

  /** KEYS[4] code, KEYS[5] `e:{tag}`, KEYS[6] `w:{tag}`. ARGV 3 now, 4 used-code ttl in ms, 5 the code's digest, 6… as `create` takes them. Says the outcome. */
  redeemCode: script<Told<[Buffer]>>(
    6,
    `${RECORDS}${CREATE}${END}${ERAS}
local code, now = KEYS[4], tonumber(ARGV[3])
local used = redis.call('HGET', code, 'usedBy')
if not used or isVoid(code, KEYS[5]) then return told('unknown') end
if used ~= '' then
  if redis.call('HGET', code, 'endsOnReplay') == '1' then
    finish(used, now)
    local tombstone = redis.call('HGET', t, used)
    if tombstone and #ended == 0 then unsettled(function(other) return other == tombstone end) end
  end
  return told('replayed')
end
redis.call('HSET', code, 'usedBy', ARGV[6])
redis.call('PEXPIRE', code, ARGV[4])
redis.call('HDEL', KEYS[6], ARGV[5])
create(now, unpack(ARGV, 6))
return told('redeemed')
`,
  ),

  /**
   * KEYS `e:{tag}`. ARGV 1 account id, 2 the longest life of a code in ms, 3 an era that has begun. Sees to it that it, or a later one, is kept: a failover may have lost it. It
   * writes in any case.
   */
  keepEra: vitalScript<number>(
    1,
    `
local era = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', math.max(era, tonumber(ARGV[3]))))
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
  ),
}
