-- Drops every entry of a tag and begins an epoch in which nothing that was read before can be cached; tells whoever listens
-- where there is a channel to tell it on.
-- KEYS[1] the tag's hash
-- ARGV    a new epoch that was never used, seconds to remember it (longer than a read takes), the channel or '', the tag
-- answer  how many listened
redis.call('del', KEYS[1])
redis.call('hset', KEYS[1], 'epoch', ARGV[1])
redis.call('expire', KEYS[1], ARGV[2])
if ARGV[3] == '' then
  return 0
end
return redis.call('publish', ARGV[3], ARGV[4])
