-- release: the database no longer holds these reservations; their places are free.
--
-- KEYS  1 epoch  2 free  3 expiries  4 lines  5 changes
-- ARGV  reservation ids
-- answer  how many of them were known
redis.call('incr', KEYS[5])
if redis.call('exists', KEYS[1]) == 0 then return 0 end

local known = 0
for _, id in ipairs(ARGV) do
  local kept = redis.call('hget', KEYS[4], id)
  if kept then
    known = known + 1
    local lines = cjson.decode(kept).lines
    for i = 1, #lines, 2 do redis.call('hincrby', KEYS[2], lines[i], lines[i + 1]) end
    redis.call('hdel', KEYS[4], id)
    redis.call('zrem', KEYS[3], id)
  end
end
return known
