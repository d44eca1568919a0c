-- map: the status of every seat, after what has run out is let go.
--
-- KEYS  as in let-go
-- ARGV  1 grace in ms
-- answer  {} no cache of this event's seats
--         {now in ms, 1 when holds are there that the database may have let go already, map}
if not touchReplica() then return {} end
letGoEnded(now)
local map = redis.call('get', KEYS[6])
if not map then return {} end
return { now, redis.call('zcount', KEYS[3], '-inf', now + ARGV[1]) > 0 and 1 or 0, map }
