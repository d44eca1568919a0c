-- release-sold: frees sold places. A seat whose sale Redis has missed is still shown as held by the reservation that it was sold to.
--
-- KEYS  as in prelude
-- ARGV  1 JSON {"lines":[ticket type id, quantity, …],"seats":[[number, ticket type id, reservation id], …]}; lines are of
--       general types
-- answer  number of places freed
countChange()
if not touchCache() then return 0 end
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
