-- draw: put the cache of an event that was written aside in the place of the one that is there, unless that was changed since the
-- database was read. Provisional holds stay: their transactions are still on the way, and they end by themselves.
--
-- KEYS  1 to 7 as in let-go
--       8 lines  9 expiries  10 owners, as in let-go: every live hold of the database; each is there only if it has any
-- ARGV  1 value of `changes` before the database was read, or '' to draw in any case
--       2 JSON [ticket type id, count, …]: what is free
--       3 map, or '' where the event has no seats
--       4 longest provisional time in ms
-- answer  1 drawn, and it differed
--         0 drawn, and nothing differed
--        -3 changed meanwhile: read again
if ARGV[1] ~= '' and (redis.call('get', KEYS[5]) or '0') ~= ARGV[1] then
  redis.call('unlink', KEYS[8], KEYS[9], KEYS[10])
  return -3
end

-- What ends soon is provisional, or was confirmed long ago: never all holds.
local provisional = {}
local soon = redis.call('zrangebyscore', KEYS[3], '(' .. now, now + ARGV[4], 'withscores')
for i = 1, #soon, 2 do
  local kept = redis.call('hget', KEYS[4], soon[i])
  if kept and isProvisional(kept) and redis.call('hexists', KEYS[8], soon[i]) == 0 then
    provisional[#provisional + 1] = { soon[i], soon[i + 1], cjson.decode(kept) }
  end
end

-- What is empty would be encoded as an object.
local function listOf(list) return #list == 0 and '[]' or cjson.encode(list) end
local function textOf(lines, seats) return '"lines":' .. listOf(lines) .. ',"seats":' .. listOf(seats) .. '}' end

local before = redis.call('hgetall', KEYS[2])
local mapBefore = redis.call('get', KEYS[6]) or ''
local countBefore = redis.call('hlen', KEYS[4])
local known = redis.call('exists', KEYS[1]) == 1

redis.call('unlink', KEYS[2], KEYS[3], KEYS[4], KEYS[6], KEYS[7])
for from, to in pairs({ [8] = 4, [9] = 3, [10] = 7 }) do
  if redis.call('exists', KEYS[from]) == 1 then redis.call('rename', KEYS[from], KEYS[to]) end
end
local free = cjson.decode(ARGV[2])
for i = 1, #free, 2 do redis.call('hset', KEYS[2], free[i], free[i + 1]) end
if ARGV[3] ~= '' then redis.call('set', KEYS[6], ARGV[3]) end
for _, entry in ipairs(provisional) do
  local places = { lines = entry[3].lines, seats = {} }
  -- Where the database gave a seat to somebody else, that stands.
  for _, seat in ipairs(entry[3].seats or {}) do
    if redis.call('getrange', KEYS[6], seat, seat) == '.' then places.seats[#places.seats + 1] = seat end
  end
  take(entry[1], places, textOf(places.lines, places.seats), entry[2], true)
end

local differed = 0
if not known or countBefore ~= redis.call('hlen', KEYS[4]) then differed = 1 end
if mapBefore ~= (redis.call('get', KEYS[6]) or '') then differed = 1 end
for i = 1, #before, 2 do
  if redis.call('hget', KEYS[2], before[i]) ~= before[i + 1] then differed = 1 end
end
if #before ~= 2 * redis.call('hlen', KEYS[2]) then differed = 1 end

redis.call('set', KEYS[1], now)
redis.call('incr', KEYS[5])
lastAnew()
return differed
