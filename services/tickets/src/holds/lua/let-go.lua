-- let-go: what every command starts with. What a reservation holds is free again; a seat only while it is this reservation's.
-- The keys are those of every command:
--
-- KEYS  1 epoch     there is a picture
--       2 free      hash: ticket type id → how many are free
--       3 expiries  sorted set: reservation id → when it ends, in ms
--       4 lines     hash: reservation id → JSON {"provisional","lines":[ticket type id, quantity, …],"seats":[number, …]}
--       5 changes   a count, by which a drawing notices change
--       6 map       one character per seat in plan order: . free, h held, s sold, x not for sale
--       7 owners    hash: number of a held seat → reservation id
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
  if #ended > 0 then redis.call('incr', KEYS[5]) end
  return #ended
end

-- The places are a reservation's until then. A sold seat stays sold.
local function take(id, places, ends, provisional)
  for i = 1, #places.lines, 2 do redis.call('hincrby', KEYS[2], places.lines[i], -places.lines[i + 1]) end
  for _, seat in ipairs(places.seats) do
    local status = redis.call('getrange', KEYS[6], seat, seat)
    if status ~= 's' and status ~= '' then
      redis.call('setrange', KEYS[6], seat, 'h')
      redis.call('hset', KEYS[7], seat, id)
    end
  end
  redis.call('hset', KEYS[4], id, cjson.encode({ provisional = provisional, lines = places.lines, seats = places.seats }))
  redis.call('zadd', KEYS[3], ends, id)
end

local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
