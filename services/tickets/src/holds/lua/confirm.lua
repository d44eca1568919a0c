-- confirm: the database has a reservation until then; a provisional hold becomes firm, and one that Redis lost is put back.
--
-- KEYS  1 epoch  2 free  3 expiries  4 lines  5 changes
-- ARGV  1 reservation id  2 time it lasts in ms  3.. pairs of ticket type id and quantity
-- answer  1 kept
--        -2 no picture of this event
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('incr', KEYS[5])
if redis.call('exists', KEYS[1]) == 0 then return -2 end

local known = redis.call('hexists', KEYS[4], ARGV[1]) == 1
local lines = {}
for i = 3, #ARGV, 2 do
  if not known then redis.call('hincrby', KEYS[2], ARGV[i], -tonumber(ARGV[i + 1])) end
  lines[#lines + 1] = ARGV[i]
  lines[#lines + 1] = tonumber(ARGV[i + 1])
end
redis.call('hset', KEYS[4], ARGV[1], cjson.encode({ provisional = false, lines = lines }))
redis.call('zadd', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])
return 1
