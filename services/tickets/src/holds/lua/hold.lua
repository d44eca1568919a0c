-- hold: take places of an event for reservations, in their order, each all of its places or none, provisionally. Asked again before
-- the database confirmed it, the places may be others: those of before are let go.
--
-- KEYS  as in let-go
-- ARGV  1 provisional time in ms  2 grace in ms
--       then for each: reservation id, its places as they are kept
-- answer  for each {code, over, seat …}
--   code  1 held, also before
--         0 not so many left
--        -1 seats are taken: those that follow
--        -2 no cache of this event, or none of this type or seat: it has to be drawn
--   over  1 when holds stand in the way that the database may have let go already
local known = touchReplica()
local ended = known and letGoEnded(now) or 0
local ends = now + ARGV[1]
local soon = now + ARGV[2]
local changed = false

local function takenSeats(seats)
  local answer = { -1, 0 }
  for _, seat in ipairs(seats) do
    local status = redis.call('getrange', KEYS[6], seat, seat)
    if status == '' or status == 'x' then return { -2, 0 } end
    if status ~= '.' then
      answer[#answer + 1] = seat
      local over = redis.call('zscore', KEYS[3], redis.call('hget', KEYS[7], seat) or '')
      if over and tonumber(over) <= soon then answer[2] = 1 end
    end
  end
  return #answer > 2 and answer or nil
end

-- How many are free of a type is read once and written once, however many hold of it.
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
      local over = ended > 0 or redis.call('zcount', KEYS[3], '-inf', soon) > 0
      return { 0, over and 1 or 0 }
    end
  end
end

local function hold(id, text)
  local kept = redis.call('hget', KEYS[4], id)
  if kept then
    if not isProvisional(kept) then return { 1, 0 } end
    writeFree()
    letGo(id)
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
  keep(id, places.seats, text, ends, true)
  changed = true
  return { 1, 0 }
end

local answers = {}
for i = 3, #ARGV - 1, 2 do answers[#answers + 1] = known and hold(ARGV[i], ARGV[i + 1]) or { -2, 0 } end
if changed then
  writeFree()
  keepLasting()
  countChange()
end
return answers
