-- release: frees the places of reservations that the database no longer holds.
--
-- KEYS  as in prelude
-- ARGV  reservation ids, then the last argument of every command
-- answer  number of these reservations that were cached
countChange()
if not touchCache() then return 0 end
local known = 0
for i = 1, #ARGV - 1 do known = known + releaseHold(ARGV[i]) end
return known
