-- give-back: places that were sold are free again. A seat whose sale Redis has not heard of still stands as held.
--
-- KEYS  as in let-go
-- ARGV  1 JSON {"lines":[ticket type id, quantity, …],"seats":[[number, ticket type id, reservation id], …]}; lines are of
--       general types
-- answer  how many places are free now that were not
countChange()
if not touchReplica() then return 0 end
local places = cjson.decode(ARGV[1])
local freed = 0
for i = 1, #places.lines, 2 do
  redis.call('hincrby', KEYS[2], places.lines[i], places.lines[i + 1])
  freed = freed + places.lines[i + 1]
end
for _, seat in ipairs(places.seats) do
  local status = redis.call('getrange', KEYS[6], seat[1], seat[1])
  if status == 's' or (status == 'h' and redis.call('hget', KEYS[7], seat[1]) == seat[3]) then
    redis.call('hdel', KEYS[7], seat[1])
    redis.call('setrange', KEYS[6], seat[1], '.')
    redis.call('hincrby', KEYS[2], seat[2], 1)
    freed = freed + 1
  end
end
return freed
