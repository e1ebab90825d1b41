import { CREATE, END, ERAS, RECORDS, script, type Told, vitalScript } from "./redis-script-parts.ts"

/**
 * Codes: a hash under the code's digest. `e:{tag}` keeps for each account with the tag its era, that is how often all its sessions were ended lately. A code notes the era in
 * which it is put, and is void in a later one: so nobody has to know which codes there are, and no clock decides what came first. An era is kept for as long as a code of the one
 * before it, and each of its own, can live: where none is kept, there is nothing to void.
 */
export const codeScripts = {
  /** KEYS code, `e:{tag}`. ARGV ttl in ms, account id, then field and value pairs. A code that has been used stays as it is. */
  putCode: script<string>(
    2,
    `
local used = redis.call('HGET', KEYS[1], 'usedBy')
if used and used ~= '' then return 'OK' end
local era = redis.call('HGET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], 'era', era or '', unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
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

  /** KEYS[4] code, KEYS[5] `e:{tag}`. ARGV 3 now, 4 used-code ttl in ms, 5… as `create` takes them. Says the outcome. */
  redeemCode: script<Told<[Buffer]>>(
    5,
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
redis.call('HSET', code, 'usedBy', ARGV[5])
redis.call('PEXPIRE', code, ARGV[4])
create(now, unpack(ARGV, 5))
return told('redeemed')
`,
  ),

  /** KEYS `e:{tag}`. ARGV 1 account id, 2 the longest life of a code in ms. Voids the account's codes. */
  beginEra: vitalScript<number>(
    1,
    `${ERAS}
return beginEra(KEYS[1], ARGV[1], ARGV[2])
`,
  ),
}
