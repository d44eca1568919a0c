-- hold: take places of an event for a reservation, all or none, provisionally. Asked again before the database confirmed it,
-- the places may be others: those of before are let go.
--
-- KEYS  as in let-go
-- ARGV  1 reservation id  2 provisional time in ms  3 grace in ms
--       4 JSON {"lines":[ticket type id, quantity, …],"seats":[number, …]}
-- answer  {code, over, seat …}
--   code  1 held, also before
--         0 not so many left
--        -1 seats are taken: those that follow
--        -2 no picture of this event, or none of this type or seat: it has to be drawn
--   over  1 when holds stand in the way that the database may have let go already
if not touchPicture() then return { -2, 0 } end
local known = redis.call('hget', KEYS[4], ARGV[1])
if known then
  if not cjson.decode(known).provisional then return { 1, 0 } end
  letGo(ARGV[1])
end
local ended = letGoEnded(now)
local places = cjson.decode(ARGV[4])

local answer = { -1, 0 }
for _, seat in ipairs(places.seats) do
  local status = redis.call('getrange', KEYS[6], seat, seat)
  if status == '' or status == 'x' then return { -2, 0 } end
  if status ~= '.' then
    answer[#answer + 1] = seat
    local ends = redis.call('zscore', KEYS[3], redis.call('hget', KEYS[7], seat) or '')
    if ends and tonumber(ends) <= now + ARGV[3] then answer[2] = 1 end
  end
end
if #answer > 2 then return answer end

for i = 1, #places.lines, 2 do
  local free = redis.call('hget', KEYS[2], places.lines[i])
  if not free then return { -2, 0 } end
  if tonumber(free) < places.lines[i + 1] then
    local over = ended > 0 or redis.call('zcount', KEYS[3], '-inf', now + ARGV[3]) > 0
    return { 0, over and 1 or 0 }
  end
end

take(ARGV[1], places, now + ARGV[2], true)
countChange()
return { 1, 0 }
