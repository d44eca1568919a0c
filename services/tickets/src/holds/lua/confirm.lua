-- confirm: stores holds as the database has them. Replaces a hold with other places, and restores one that Redis lost.
--
-- KEYS  as in prelude
-- ARGV  for each: reservation id, remaining time in ms, its encoded places
-- answer  1 stored
--        -2 the event is not cached
countChange()
if not touchCache() then return -2 end
for i = 1, #ARGV - 1, 3 do
  local id, expiresAt, text = ARGV[i], now + ARGV[i + 1], ARGV[i + 2]
  if redis.call('hget', KEYS[4], id) == encodeHold(text, true) then
    redis.call('hset', KEYS[4], id, encodeHold(text, false))
    redis.call('zadd', KEYS[3], expiresAt, id)
  else
    releaseHold(id)
    takePlaces(id, cjson.decode('{' .. text), text, expiresAt, false)
  end
end
setMissingTtls()
return 1
