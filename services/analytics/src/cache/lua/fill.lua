-- Caches a read, unless its tag was invalidated during the read, which may make it stale. All entries expire
-- with the first of them.
-- KEYS[1] the tag's hash
-- ARGV    the epoch before reading ('' if none), the entry's field, JSON, time to live in seconds
-- answer  1 cached, 0 the epoch has changed
local epoch = redis.call('hget', KEYS[1], 'epoch') or ''
if epoch ~= ARGV[1] then
  return 0
end
redis.call('hset', KEYS[1], ARGV[2], ARGV[3])
if redis.call('ttl', KEYS[1]) < 0 then
  redis.call('expire', KEYS[1], ARGV[4])
end
return 1
