-- release: the database no longer holds these reservations; their places are free.
--
-- KEYS  as in let-go
-- ARGV  reservation ids
-- answer  how many of them were known
redis.call('incr', KEYS[5])
if redis.call('exists', KEYS[1]) == 0 then return 0 end
local known = 0
for _, id in ipairs(ARGV) do known = known + letGo(id) end
return known
