-- map: returns the status of every seat, after releasing expired holds.
--
-- KEYS  as in prelude
-- ARGV  1 grace in ms
-- answer  {} the event's seats are not cached
--         {now in ms, 1 if some holds may have expired in the database already, map}
if not touchCache() then return {} end
releaseExpired(now)
local map = redis.call('get', KEYS[6])
if not map then return {} end
return { now, redis.call('zcount', KEYS[3], '-inf', now + ARGV[1]) > 0 and 1 or 0, map }
