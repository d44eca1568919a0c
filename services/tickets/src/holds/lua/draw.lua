-- draw: make the picture of an event equal to what was read from the database, unless it was changed since then.
-- Provisional holds stay: their transactions are still on the way, and they end by themselves.
--
-- KEYS  1 epoch  2 free  3 expiries  4 lines  5 changes
-- ARGV  1 value of `changes` before the database was read, or '' to draw in any case
--       2 time the picture lasts in ms
--       3 JSON {"free":[ticket type id, count, …],"holds":[[reservation id, time it lasts in ms, [ticket type id, quantity, …]], …]}
-- answer  1 drawn, and it differed
--         0 drawn, and nothing differed
--        -3 changed meanwhile: read again
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and (redis.call('get', KEYS[5]) or '0') ~= ARGV[1] then return -3 end

local picture = cjson.decode(ARGV[3])
local free = {}
for i = 1, #picture.free, 2 do free[picture.free[i]] = picture.free[i + 1] end

local stored = {}
for _, hold in ipairs(picture.holds) do stored[hold[1]] = true end
local provisional = {}
local kept = redis.call('hgetall', KEYS[4])
for i = 1, #kept, 2 do
  local hold = cjson.decode(kept[i + 1])
  local ends = redis.call('zscore', KEYS[3], kept[i])
  if hold.provisional and not stored[kept[i]] and ends and tonumber(ends) > now then
    provisional[#provisional + 1] = { kept[i], ends, kept[i + 1] }
    for j = 1, #hold.lines, 2 do free[hold.lines[j]] = (free[hold.lines[j]] or 0) - hold.lines[j + 1] end
  end
end

local differed = 0
if redis.call('exists', KEYS[1]) == 0 or redis.call('hlen', KEYS[4]) ~= #picture.holds + #provisional then differed = 1 end
for id, count in pairs(free) do
  if tonumber(redis.call('hget', KEYS[2], id) or 'nan') ~= count then differed = 1 end
end

redis.call('del', KEYS[2], KEYS[3], KEYS[4])
for id, count in pairs(free) do redis.call('hset', KEYS[2], id, count) end
for _, hold in ipairs(picture.holds) do
  redis.call('hset', KEYS[4], hold[1], cjson.encode({ provisional = false, lines = hold[3] }))
  redis.call('zadd', KEYS[3], now + hold[2], hold[1])
end
for _, hold in ipairs(provisional) do
  redis.call('hset', KEYS[4], hold[1], hold[3])
  redis.call('zadd', KEYS[3], hold[2], hold[1])
end
redis.call('set', KEYS[1], now, 'px', ARGV[2])
redis.call('incr', KEYS[5])
for i = 2, 5 do redis.call('pexpire', KEYS[i], 2 * ARGV[2]) end
return differed
