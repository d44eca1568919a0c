-- Caches a read unless its tag was invalidated while it was read: it may be from before. Entries live no longer than the first of them.
-- KEYS[1] the tag's hash
-- ARGV    the epoch that was seen before reading ('' where there was none), the entry's field, JSON, seconds to live
-- answer  1 cached, 0 the epoch is another one
local epoch = redis.call('hget', KEYS[1], 'epoch') or ''
if epoch ~= ARGV[1] then
  return 0
end
redis.call('hset', KEYS[1], ARGV[2], ARGV[3])
if redis.call('ttl', KEYS[1]) < 0 then
  redis.call('expire', KEYS[1], ARGV[4])
end
return 1
