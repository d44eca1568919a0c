-- Drops every entry of a tag and begins an epoch, so that earlier reads cannot be cached; notifies listeners
-- if a channel is given.
-- KEYS[1] the tag's hash
-- ARGV    a new unique epoch, seconds to keep it (longer than a read takes), the channel or '', the tag
-- answer  the number of listeners
redis.call('del', KEYS[1])
redis.call('hset', KEYS[1], 'epoch', ARGV[1])
redis.call('expire', KEYS[1], ARGV[2])
if ARGV[3] == '' then
  return 0
end
return redis.call('publish', ARGV[3], ARGV[4])
