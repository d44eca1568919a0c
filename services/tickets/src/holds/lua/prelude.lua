-- prelude: functions that every command starts with. The keys and the last argument are those of every command:
--
-- KEYS  1 epoch     exists while the event is cached
--       2 free      hash: ticket type id → free places
--       3 expiries  sorted set: reservation id → expiry, in ms
--       4 lines     hash: reservation id → JSON {"provisional":…,"lines":[ticket type id, quantity, …],"seats":[number, …]};
--                   "encoded places" is that text after `{"provisional":…,`
--       5 changes   counter, by which a rebuild detects changes
--       6 map       one character per seat in plan order: . free, h held, s sold, x not for sale
--       7 owners    hash: number of a held seat → reservation id
-- ARGV  last: time to live of the keys after their last use, in ms; longer than any hold
local ttl = tonumber(ARGV[#ARGV])
-- The epoch expires first, so that a cache is always whole.
local longerTtl = ttl + 3600000

local function renewTtls()
  redis.call('pexpire', KEYS[1], ttl)
  for i = 2, 7 do redis.call('pexpire', KEYS[i], longerTtl) end
end

-- Returns whether the event is cached. Renews the TTLs once a tenth has passed; renewing at every use would slow a crowd down.
local function touchCache()
  local left = redis.call('pttl', KEYS[1])
  if left == -2 then return false end
  if left < 0.9 * ttl or left > ttl then renewTtls() end
  return true
end

local function countChange()
  if redis.call('incr', KEYS[5]) == 1 then redis.call('pexpire', KEYS[5], longerTtl) end
end

-- Frees the places of a reservation; a seat only while this reservation holds it.
local function releaseHold(id)
  local stored = redis.call('hget', KEYS[4], id)
  redis.call('zrem', KEYS[3], id)
  if not stored then return 0 end
  local hold = cjson.decode(stored)
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

-- Releases up to 200 expired holds; returns how many.
local function releaseExpired(now)
  local expired = redis.call('zrangebyscore', KEYS[3], '-inf', now, 'limit', 0, 200)
  for _, id in ipairs(expired) do releaseHold(id) end
  if #expired > 0 then countChange() end
  return #expired
end

local function encodeHold(text, provisional) return '{"provisional":' .. tostring(provisional) .. ',' .. text end

local function isProvisional(stored) return string.find(stored, '"provisional":true', 1, true) ~= nil end

-- Stores a hold without changing the counts of free places. `text`: its encoded places.
local function storeHold(id, seats, text, expiresAt, provisional)
  for _, seat in ipairs(seats) do
    redis.call('setrange', KEYS[6], seat, 'h')
    redis.call('hset', KEYS[7], seat, id)
  end
  redis.call('hset', KEYS[4], id, encodeHold(text, provisional))
  redis.call('zadd', KEYS[3], expiresAt, id)
end

-- Takes places for a reservation until `expiresAt`. A sold seat stays sold.
local function takePlaces(id, places, text, expiresAt, provisional)
  for i = 1, #places.lines, 2 do redis.call('hincrby', KEYS[2], places.lines[i], -places.lines[i + 1]) end
  local seats = {}
  for _, seat in ipairs(places.seats) do
    local status = redis.call('getrange', KEYS[6], seat, seat)
    if status ~= 's' and status ~= '' then seats[#seats + 1] = seat end
  end
  storeHold(id, seats, text, expiresAt, provisional)
end

-- Redis deletes empty collections: one that was created again has no TTL yet.
local function setMissingTtls()
  for _, key in ipairs({ 3, 4, 7 }) do
    if redis.call('pttl', KEYS[key]) == -1 then redis.call('pexpire', KEYS[key], longerTtl) end
  end
end

local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
