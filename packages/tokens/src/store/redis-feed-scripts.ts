import { vitalScript } from "./redis-script-parts.ts"

/**
 * The feed: KEYS[1] `n:` a hash: the last number, the one after which the feed began, when, and the replication id that it began with; KEYS[2] `f:` a stream whose ids are the numbers, KEYS[3] `v:` a hash of the
 * followers: id → the number that it has acknowledged, a space, and how often it has renewed. All bear `{feed}`. What is pushed over the channel is a hint only. Where a replica has taken over, or all data was
 * lost, the feed begins anew at a number that was never reached before, so that no number ever stands for two entries. Numbers begin at the time in milliseconds, of which there are more than there will be entries.
 */
const FEED = `
local epoch = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'last', 'began', 'epoch', 'begunAt')
local last, began, begunAt = tonumber(known[1] or 0), tonumber(known[2] or 0), tonumber(known[4] or now)
if known[3] ~= epoch then
  last = math.max(last + 1000000, now)
  began, begunAt = last, now
  redis.call('HSET', KEYS[1], 'last', last, 'began', began, 'epoch', epoch, 'begunAt', begunAt)
end
local function live() for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 86400000) end end
`

export const feedScripts = {
  /**
   * ARGV 1 channel of acknowledgements, 2 follower, 3 the number that it has acknowledged, or '' where it holds nothing. Says the epoch, the last number, whether there is a gap, ids and fields, after which number the feed began, and how many ms ago.
   * Where there is a gap, the follower counts as having acknowledged nothing until it says that it has forgotten everything.
   */
  renewFollower: vitalScript<
    [
      epoch: Buffer,
      last: number,
      gap: number,
      entries: [Buffer, Buffer[]][],
      began: number,
      begunMsAgo: number,
    ]
  >(
    3,
    `${FEED}
local before = redis.call('HGET', KEYS[3], ARGV[2])
local acknowledged, renewals = string.match(before or '0 ' .. time[1], '(%d+) (%d+)')
local number, gap, entries = ARGV[3] == '' and last or tonumber(ARGV[3]), 0, {}
if number < last then
  entries = redis.call('XRANGE', KEYS[2], (number + 1) .. '-0', '+', 'COUNT', 500)
  if #entries == 0 or entries[1][1] ~= (number + 1) .. '-0' then gap = 1 end
elseif number > last then gap = 1 end
if gap == 1 then entries, number = {}, 0 end
redis.call('HSET', KEYS[3], ARGV[2], number .. ' ' .. string.format('%d', renewals + 1))
live()
if before and number > tonumber(acknowledged) then redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' ' .. number) end
return { epoch, last, gap, entries, began, now - begunAt }
`,
  ),

  /** ARGV 1 channel, 2 now in ms, 3 items with spaces between. Says the number, the one after which the feed began, how many ms ago, then followers and what is known of them. Entries older than ten minutes go, a few at a time. */
  appendEntry: vitalScript<[number: number, began: number, begunMsAgo: number, ...followers: Buffer[]]>(
    3,
    `${FEED}
local number = last + 1
redis.call('HSET', KEYS[1], 'last', number)
redis.call('XADD', KEYS[2], number .. '-0', 'at', ARGV[2], 'items', ARGV[3])
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 3)) do
  if tonumber(entry[2][2]) < tonumber(ARGV[2]) - 600000 then redis.call('XDEL', KEYS[2], entry[1]) end
end
live()
redis.call('PUBLISH', ARGV[1], 'appended ' .. number .. ' ' .. ARGV[3])
return { number, began, now - begunAt, unpack(redis.call('HGETALL', KEYS[3])) }
`,
  ),

  /** KEYS the followers alone. */
  listFollowers: vitalScript<Buffer[]>(1, "return redis.call('HGETALL', KEYS[1])"),

  /** KEYS the followers alone. ARGV pairs of a follower and what was known of it: it goes where that is so still. */
  dropFollowers: vitalScript<number>(
    1,
    `
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 1
`,
  ),

  /** KEYS the followers alone. ARGV 1 follower, 2 channel of acknowledgements, to which it counts as having acknowledged all there can be. */
  leaveFeed: vitalScript<number>(
    1,
    `
redis.call('PUBLISH', ARGV[2], ARGV[1] .. ' 9007199254740991')
return redis.call('HDEL', KEYS[1], ARGV[1])
`,
  ),
}
