-- hold: takes places for reservations provisionally and in order, all places of a reservation or none. A request that is repeated
-- before the database confirmed it may have other places; the earlier ones are released.
--
-- KEYS  as in prelude
-- ARGV  1 provisional time in ms  2 grace in ms
--       then for each: reservation id, its encoded places
-- answer  for each {code, mayHaveExpired, seat …}
--   code  1 held, now or already
--         0 not enough free places
--        -1 these seats are taken
--        -2 the event, the type or the seat is not cached: rebuild the cache
--   mayHaveExpired  1 if some holds in the way may have expired in the database already
local known = touchCache()
local expired = known and releaseExpired(now) or 0
local expiresAt = now + ARGV[1]
local soon = now + ARGV[2]
local changed = false

local function takenSeats(seats)
  local answer = { -1, 0 }
  for _, seat in ipairs(seats) do
    local status = redis.call('getrange', KEYS[6], seat, seat)
    if status == '' or status == 'x' then return { -2, 0 } end
    if status ~= '.' then
      answer[#answer + 1] = seat
      local expiry = redis.call('zscore', KEYS[3], redis.call('hget', KEYS[7], seat) or '')
      if expiry and tonumber(expiry) <= soon then answer[2] = 1 end
    end
  end
  return #answer > 2 and answer or nil
end

-- The free places of a type are read once and written once per command.
local free = {}
local taken = {}
local function freeOf(typeId)
  if free[typeId] == nil then free[typeId] = tonumber(redis.call('hget', KEYS[2], typeId) or '') or false end
  return free[typeId]
end

local function writeFree()
  for typeId, quantity in pairs(taken) do redis.call('hincrby', KEYS[2], typeId, -quantity) end
  free = {}
  taken = {}
end

local function missingOf(lines)
  for i = 1, #lines, 2 do
    local count = freeOf(lines[i])
    if not count then return { -2, 0 } end
    if count < lines[i + 1] then
      local mayHaveExpired = expired > 0 or redis.call('zcount', KEYS[3], '-inf', soon) > 0
      return { 0, mayHaveExpired and 1 or 0 }
    end
  end
end

local function hold(id, text)
  local stored = redis.call('hget', KEYS[4], id)
  if stored then
    if not isProvisional(stored) then return { 1, 0 } end
    writeFree()
    releaseHold(id)
    changed = true
  end
  local places = cjson.decode('{' .. text)
  local refusal = takenSeats(places.seats) or missingOf(places.lines)
  if refusal then return refusal end
  for i = 1, #places.lines, 2 do
    local typeId, quantity = places.lines[i], places.lines[i + 1]
    free[typeId] = free[typeId] - quantity
    taken[typeId] = (taken[typeId] or 0) + quantity
  end
  storeHold(id, places.seats, text, expiresAt, true)
  changed = true
  return { 1, 0 }
end

local answers = {}
for i = 3, #ARGV - 1, 2 do answers[#answers + 1] = known and hold(ARGV[i], ARGV[i + 1]) or { -2, 0 } end
if changed then
  writeFree()
  setMissingTtls()
  countChange()
end
return answers
