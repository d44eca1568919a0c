-- Caches an event unless a newer version of it is cached already: a slow reader must not undo what a writer has put there.
-- KEYS[1] the event's hash
-- ARGV    version, JSON, seconds to live
-- answer  1 cached, 0 a newer one is there
local version = tonumber(redis.call('hget', KEYS[1], 'version') or '0')
if version > tonumber(ARGV[1]) then
  return 0
end
redis.call('hset', KEYS[1], 'version', ARGV[1], 'json', ARGV[2])
redis.call('expire', KEYS[1], ARGV[3])
return 1
