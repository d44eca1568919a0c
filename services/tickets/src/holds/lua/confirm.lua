-- confirm: the database has reservations until then, with these places: what is known of them gives way, and one that Redis lost is
-- put back.
--
-- KEYS  as in let-go
-- ARGV  for each: reservation id, time it lasts in ms, its places as they are kept
-- answer  1 kept
--        -2 no cache of this event
countChange()
if not touchReplica() then return -2 end
for i = 1, #ARGV - 1, 3 do
  local id, ends, text = ARGV[i], now + ARGV[i + 1], ARGV[i + 2]
  if redis.call('hget', KEYS[4], id) == keptAs(text, true) then
    redis.call('hset', KEYS[4], id, keptAs(text, false))
    redis.call('zadd', KEYS[3], ends, id)
  else
    letGo(id)
    take(id, cjson.decode('{' .. text), text, ends, false)
  end
end
keepLasting()
return 1
