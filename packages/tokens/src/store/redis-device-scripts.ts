import { script } from "./redis-scripts.ts"

/**
 * Devices (RFC 8628): a hash under the device code's digest, and the user code's digest that leads to it. Both keys bear the user code's tag.
 * Times are milliseconds. As `redis-scripts.ts` says, ARGV[1] is the prefix and ARGV[2] the tag.
 */
export const deviceScripts = {
  /** KEYS user code. ARGV 3 device digest, 4 ttl in ms, then field and value pairs. Returns 0 where the user code is taken. */
  putDevice: script<number>(`
if not redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4], 'NX') then return 0 end
redis.call('HSET', key('d', ARGV[3]), unpack(ARGV, 5))
redis.call('PEXPIRE', key('d', ARGV[3]), ARGV[4])
return 1
`),

  /** KEYS device. ARGV 3 now, 4 slow-down, 5 longest interval. Returns whether the poll came too soon, then fields and values; nothing where there is no device. */
  pollDevice: script<string[]>(`
local pace = redis.call('HMGET', KEYS[1], 'intervalMs', 'lastPolledAt')
if not pace[1] then return {} end
local soon = '0'
if pace[2] ~= '' and tonumber(ARGV[3]) - tonumber(pace[2]) < tonumber(pace[1]) then
  soon = '1'
  local slower = math.min(tonumber(pace[1]) + tonumber(ARGV[4]), tonumber(ARGV[5]))
  redis.call('HSET', KEYS[1], 'intervalMs', string.format('%d', slower))
end
redis.call('HSET', KEYS[1], 'lastPolledAt', ARGV[3])
local fields = redis.call('HGETALL', KEYS[1])
table.insert(fields, 1, soon)
return fields
`),

  /** KEYS user code. ARGV 3 account id, 4 now. Returns the device's digest, then fields and values; nothing where there is no device. */
  claimDevice: script<string[]>(`
local digest = redis.call('GET', KEYS[1])
if not digest then return {} end
local device = key('d', digest)
local found = redis.call('HMGET', device, 'state', 'expiresAt')
if not found[1] then return {} end
if found[1] == 'pending' and tonumber(ARGV[4]) < tonumber(found[2]) then
  redis.call('HSET', device, 'state', 'claimed', 'accountId', ARGV[3])
end
local fields = redis.call('HGETALL', device)
table.insert(fields, 1, digest)
return fields
`),

  /** KEYS user code. ARGV 3 account id, 4 state, 5 now. Returns 1 where this account had claimed the live device. */
  decideDevice: script<number>(`
local digest = redis.call('GET', KEYS[1])
if not digest then return 0 end
local device = key('d', digest)
local found = redis.call('HMGET', device, 'state', 'accountId', 'expiresAt')
if found[1] ~= 'claimed' or found[2] ~= ARGV[3] or tonumber(ARGV[5]) >= tonumber(found[3]) then return 0 end
redis.call('HSET', device, 'state', ARGV[4])
if ARGV[4] == 'pending' then redis.call('HSET', device, 'accountId', '') end
return 1
`),
}
