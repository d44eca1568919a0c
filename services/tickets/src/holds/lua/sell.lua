-- sell: what a reservation held is sold. Its places are not free, and nobody's hold any more.
--
-- KEYS  as in let-go
-- ARGV  1 reservation id
-- answer  1 sold
--         0 not known here: the event has to be drawn anew
countChange()
if not touchReplica() then return 0 end
local kept = redis.call('hget', KEYS[4], ARGV[1])
if not kept then return 0 end
redis.call('zrem', KEYS[3], ARGV[1])
redis.call('hdel', KEYS[4], ARGV[1])
for _, seat in ipairs(cjson.decode(kept).seats or {}) do
  if redis.call('hget', KEYS[7], seat) == ARGV[1] then
    redis.call('hdel', KEYS[7], seat)
    redis.call('setrange', KEYS[6], seat, 's')
  end
end
return 1
