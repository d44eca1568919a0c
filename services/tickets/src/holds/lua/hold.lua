-- hold: take places of an event for a reservation, all or none, provisionally.
--
-- KEYS  1 epoch  2 free  3 expiries  4 lines  5 changes
-- ARGV  1 reservation id  2 provisional time in ms  3 grace in ms  4.. pairs of ticket type id and quantity
-- answer  1 held
--         2 held before
--         0 not so many left
--        -1 not so many left, but holds have run out that the database may still count
--        -2 no picture of this event, or none of this type: it has to be drawn
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if redis.call('exists', KEYS[1]) == 0 then return -2 end
if redis.call('hexists', KEYS[4], ARGV[1]) == 1 then return 2 end

local ended = redis.call('zrangebyscore', KEYS[3], '-inf', now, 'limit', 0, 200)
for _, id in ipairs(ended) do
  local kept = redis.call('hget', KEYS[4], id)
  if kept then
    local lines = cjson.decode(kept).lines
    for i = 1, #lines, 2 do redis.call('hincrby', KEYS[2], lines[i], lines[i + 1]) end
    redis.call('hdel', KEYS[4], id)
  end
  redis.call('zrem', KEYS[3], id)
end
if #ended > 0 then redis.call('incr', KEYS[5]) end

local lines = {}
for i = 4, #ARGV, 2 do
  local free = redis.call('hget', KEYS[2], ARGV[i])
  if not free then return -2 end
  if tonumber(free) < tonumber(ARGV[i + 1]) then
    if redis.call('zcount', KEYS[3], '-inf', now + tonumber(ARGV[3])) > 0 or #ended > 0 then return -1 end
    return 0
  end
  lines[#lines + 1] = ARGV[i]
  lines[#lines + 1] = tonumber(ARGV[i + 1])
end

for i = 1, #lines, 2 do redis.call('hincrby', KEYS[2], lines[i], -lines[i + 1]) end
redis.call('hset', KEYS[4], ARGV[1], cjson.encode({ provisional = true, lines = lines }))
redis.call('zadd', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])
redis.call('incr', KEYS[5])
return 1
