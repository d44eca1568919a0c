-- release: the database no longer holds these reservations; their places are free.
--
-- KEYS  as in let-go
-- ARGV  reservation ids, and what every command has last
-- answer  how many of them were known
countChange()
if not touchReplica() then return 0 end
local known = 0
for i = 1, #ARGV - 1 do known = known + letGo(ARGV[i]) end
return known
