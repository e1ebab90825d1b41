import { script } from "./redis-script-parts.ts"

/**
 * Devices (RFC 8628): a hash under the device code's digest, and the user code's digest that leads to it. Both keys bear the user code's tag.
 * Times are milliseconds.
 */
export const deviceScripts = {
  /** KEYS user code, device. ARGV 1 device digest, 2 ttl in ms, then field and value pairs. Returns 0 where the user code is taken. */
  putDevice: script<number>(
    2,
    `
if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 0 end
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
`,
  ),

  /** KEYS user code. Returns the digest of the device code that it leads to. */
  findDevice: script<Buffer | null>(1, "return redis.call('GET', KEYS[1])"),

  /** KEYS device. ARGV 1 now, 2 slow-down, 3 longest interval. Returns whether the poll came too soon, then fields and values; nothing where there is no device. */
  pollDevice: script<Buffer[]>(
    1,
    `
local pace = redis.call('HMGET', KEYS[1], 'intervalMs', 'lastPolledAt')
if not pace[1] then return {} end
local soon = '0'
if pace[2] ~= '' and tonumber(ARGV[1]) - tonumber(pace[2]) < tonumber(pace[1]) then
  soon = '1'
  local slower = math.min(tonumber(pace[1]) + tonumber(ARGV[2]), tonumber(ARGV[3]))
  redis.call('HSET', KEYS[1], 'intervalMs', string.format('%d', slower))
end
redis.call('HSET', KEYS[1], 'lastPolledAt', ARGV[1])
local fields = redis.call('HGETALL', KEYS[1])
table.insert(fields, 1, soon)
return fields
`,
  ),

  /** KEYS device. ARGV 1 account id, 2 now. Returns fields and values; nothing where there is no device. */
  claimDevice: script<Buffer[]>(
    1,
    `
local found = redis.call('HMGET', KEYS[1], 'state', 'expiresAt')
if not found[1] then return {} end
if found[1] == 'pending' and tonumber(ARGV[2]) < tonumber(found[2]) then
  redis.call('HSET', KEYS[1], 'state', 'claimed', 'accountId', ARGV[1])
end
return redis.call('HGETALL', KEYS[1])
`,
  ),

  /** KEYS device. ARGV 1 account id, 2 state, 3 now. Returns 1 where this account had claimed the live device. */
  decideDevice: script<number>(
    1,
    `
local found = redis.call('HMGET', KEYS[1], 'state', 'accountId', 'expiresAt')
if found[1] ~= 'claimed' or found[2] ~= ARGV[1] or tonumber(ARGV[3]) >= tonumber(found[3]) then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2])
if ARGV[2] == 'pending' then redis.call('HSET', KEYS[1], 'accountId', '') end
return 1
`,
  ),
}
