-- let-go: what every command starts with. What a reservation holds is free again; a seat only while it is this reservation's.
-- The keys are those of every command, and so is the last argument:
--
-- KEYS  1 epoch     there is a cache
--       2 free      hash: ticket type id → how many are free
--       3 expiries  sorted set: reservation id → when it ends, in ms
--       4 lines     hash: reservation id → JSON {"provisional":…,"lines":[ticket type id, quantity, …],"seats":[number, …]};
--                   "places as they are kept" is that text behind `{"provisional":…,`
--       5 changes   a count, by which a drawing notices change
--       6 map       one character per seat in plan order: . free, h held, s sold, x not for sale
--       7 owners    hash: number of a held seat → reservation id
-- ARGV  last: how long the keys last after they were touched, in ms; longer than any hold
local lasts = tonumber(ARGV[#ARGV])
-- The epoch ends first: there is a whole cache or none.
local outlasts = lasts + 3600000

local function lastAnew()
  redis.call('pexpire', KEYS[1], lasts)
  for i = 2, 7 do redis.call('pexpire', KEYS[i], outlasts) end
end

-- Whether there is a cache. If a tenth of its time is over, it lasts anew: at every touch would cost a crowd more.
local function touchReplica()
  local left = redis.call('pttl', KEYS[1])
  if left == -2 then return false end
  if left < 0.9 * lasts or left > lasts then lastAnew() end
  return true
end

local function countChange()
  if redis.call('incr', KEYS[5]) == 1 then redis.call('pexpire', KEYS[5], outlasts) end
end

local function letGo(id)
  local kept = redis.call('hget', KEYS[4], id)
  redis.call('zrem', KEYS[3], id)
  if not kept then return 0 end
  local hold = cjson.decode(kept)
  for i = 1, #hold.lines, 2 do redis.call('hincrby', KEYS[2], hold.lines[i], hold.lines[i + 1]) end
  for _, seat in ipairs(hold.seats or {}) do
    if redis.call('hget', KEYS[7], seat) == id then
      redis.call('hdel', KEYS[7], seat)
      redis.call('setrange', KEYS[6], seat, '.')
    end
  end
  redis.call('hdel', KEYS[4], id)
  return 1
end

-- Some of what has run out; how many.
local function letGoEnded(now)
  local ended = redis.call('zrangebyscore', KEYS[3], '-inf', now, 'limit', 0, 200)
  for _, id in ipairs(ended) do letGo(id) end
  if #ended > 0 then countChange() end
  return #ended
end

local function keptAs(text, provisional) return '{"provisional":' .. tostring(provisional) .. ',' .. text end

local function isProvisional(kept) return string.find(kept, '"provisional":true', 1, true) ~= nil end

-- What a reservation holds, apart from how many are free. `text`: its places as they are kept.
local function keep(id, seats, text, ends, provisional)
  for _, seat in ipairs(seats) do
    redis.call('setrange', KEYS[6], seat, 'h')
    redis.call('hset', KEYS[7], seat, id)
  end
  redis.call('hset', KEYS[4], id, keptAs(text, provisional))
  redis.call('zadd', KEYS[3], ends, id)
end

-- The places are a reservation's until then. A sold seat stays sold.
local function take(id, places, text, ends, provisional)
  for i = 1, #places.lines, 2 do redis.call('hincrby', KEYS[2], places.lines[i], -places.lines[i + 1]) end
  local seats = {}
  for _, seat in ipairs(places.seats) do
    local status = redis.call('getrange', KEYS[6], seat, seat)
    if status ~= 's' and status ~= '' then seats[#seats + 1] = seat end
  end
  keep(id, seats, text, ends, provisional)
end

-- Sorted set and hashes are gone when they are empty: one that is new has to be told how long it lasts.
local function keepLasting()
  for _, key in ipairs({ 3, 4, 7 }) do
    if redis.call('pttl', KEYS[key]) == -1 then redis.call('pexpire', KEYS[key], outlasts) end
  end
end

local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
