-- sell: marks the places of a reservation as sold; they are no longer held.
--
-- KEYS  as in prelude
-- ARGV  1 reservation id
-- answer  1 sold
--         0 the reservation is not cached: rebuild the event's cache
countChange()
if not touchCache() then return 0 end
local stored = redis.call('hget', KEYS[4], ARGV[1])
if not stored then return 0 end
redis.call('zrem', KEYS[3], ARGV[1])
redis.call('hdel', KEYS[4], ARGV[1])
for _, seat in ipairs(cjson.decode(stored).seats or {}) do
  if redis.call('hget', KEYS[7], seat) == ARGV[1] then
    redis.call('hdel', KEYS[7], seat)
    redis.call('setrange', KEYS[6], seat, 's')
  end
end
return 1
