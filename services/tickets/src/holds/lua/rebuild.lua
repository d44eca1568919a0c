-- rebuild: replaces the cache of an event by its shadow copy, unless the cache has changed since the database was read. Keeps
-- provisional holds: their transactions may still commit, and they expire by themselves.
--
-- KEYS  1 to 7 as in prelude
--       8 lines  9 expiries  10 owners of the shadow copy: every live hold of the database; a key exists only if it has entries
-- ARGV  1 value of `changes` before the database was read, or '' to replace in any case
--       2 JSON [ticket type id, count, …]: free places
--       3 map, or '' for an event without seats
--       4 longest provisional time in ms
-- answer  1 replaced, and it differed
--         0 replaced, and nothing differed
--        -3 changed meanwhile: read the database again
if ARGV[1] ~= '' and (redis.call('get', KEYS[5]) or '0') ~= ARGV[1] then
  redis.call('unlink', KEYS[8], KEYS[9], KEYS[10])
  return -3
end

-- Provisional holds expire soon, as do old confirmed ones; this avoids reading all holds.
local provisional = {}
local soon = redis.call('zrangebyscore', KEYS[3], '(' .. now, now + ARGV[4], 'withscores')
for i = 1, #soon, 2 do
  local stored = redis.call('hget', KEYS[4], soon[i])
  if stored and isProvisional(stored) and redis.call('hexists', KEYS[8], soon[i]) == 0 then
    provisional[#provisional + 1] = { soon[i], soon[i + 1], cjson.decode(stored) }
  end
end

-- cjson encodes an empty table as an object.
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
  -- A seat that the database gave to another reservation stays there.
  for _, seat in ipairs(entry[3].seats or {}) do
    if redis.call('getrange', KEYS[6], seat, seat) == '.' then places.seats[#places.seats + 1] = seat end
  end
  takePlaces(entry[1], places, textOf(places.lines, places.seats), entry[2], true)
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
renewTtls()
return differed
