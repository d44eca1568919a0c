-- draw: make the picture of an event equal to what was read from the database, unless it was changed since then.
-- Provisional holds stay: their transactions are still on the way, and they end by themselves.
--
-- KEYS  as in let-go
-- ARGV  1 value of `changes` before the database was read, or '' to draw in any case
--       2 JSON {"free":[ticket type id, count, …],"map":"…","holds":[[reservation id, time it lasts in ms,
--         [ticket type id, quantity, …], [number of a seat, …]], …]}
-- answer  1 drawn, and it differed
--         0 drawn, and nothing differed
--        -3 changed meanwhile: read again
if ARGV[1] ~= '' and (redis.call('get', KEYS[5]) or '0') ~= ARGV[1] then return -3 end
local picture = cjson.decode(ARGV[2])

local stored = {}
for _, hold in ipairs(picture.holds) do stored[hold[1]] = true end
local provisional = {}
local kept = redis.call('hgetall', KEYS[4])
for i = 1, #kept, 2 do
  local ends = redis.call('zscore', KEYS[3], kept[i])
  if not stored[kept[i]] and ends and tonumber(ends) > now and isProvisional(kept[i + 1]) then
    provisional[#provisional + 1] = { kept[i], ends, cjson.decode(kept[i + 1]) }
  end
end

-- What is empty would be encoded as an object.
local function listOf(list) return #list == 0 and '[]' or cjson.encode(list) end
local function textOf(lines, seats) return '"lines":' .. listOf(lines) .. ',"seats":' .. listOf(seats) .. '}' end

local before = redis.call('hgetall', KEYS[2])
local mapBefore = redis.call('get', KEYS[6]) or ''
local countBefore = redis.call('hlen', KEYS[4])
local known = redis.call('exists', KEYS[1]) == 1

redis.call('del', KEYS[2], KEYS[3], KEYS[4], KEYS[6], KEYS[7])
for i = 1, #picture.free, 2 do redis.call('hset', KEYS[2], picture.free[i], picture.free[i + 1]) end
if picture.map ~= '' then redis.call('set', KEYS[6], picture.map) end
for _, hold in ipairs(picture.holds) do
  redis.call('hset', KEYS[4], hold[1], keptAs(textOf(hold[3], hold[4]), false))
  redis.call('zadd', KEYS[3], now + hold[2], hold[1])
  for _, seat in ipairs(hold[4]) do
    redis.call('setrange', KEYS[6], seat, 'h')
    redis.call('hset', KEYS[7], seat, hold[1])
  end
end
for _, entry in ipairs(provisional) do
  local places = { lines = entry[3].lines, seats = {} }
  -- Where the database gave a seat to somebody else, that stands.
  for _, seat in ipairs(entry[3].seats or {}) do
    if redis.call('getrange', KEYS[6], seat, seat) == '.' then places.seats[#places.seats + 1] = seat end
  end
  take(entry[1], places, textOf(places.lines, places.seats), entry[2], true)
end

local differed = 0
if not known or countBefore ~= #picture.holds + #provisional then differed = 1 end
if mapBefore ~= (redis.call('get', KEYS[6]) or '') then differed = 1 end
for i = 1, #before, 2 do
  if redis.call('hget', KEYS[2], before[i]) ~= before[i + 1] then differed = 1 end
end
if #before ~= 2 * redis.call('hlen', KEYS[2]) then differed = 1 end

redis.call('set', KEYS[1], now)
redis.call('incr', KEYS[5])
lastAnew()
return differed
