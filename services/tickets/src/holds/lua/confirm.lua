-- confirm: the database has a reservation until then, with these places: what is known of it gives way, and one that Redis
-- lost is put back.
--
-- KEYS  as in let-go
-- ARGV  1 reservation id  2 time it lasts in ms  3 JSON {"lines":[ticket type id, quantity, …],"seats":[number, …]}
-- answer  1 kept
--        -2 no picture of this event
countChange()
if not touchPicture() then return -2 end
letGo(ARGV[1])
take(ARGV[1], cjson.decode(ARGV[3]), now + ARGV[2], false)
return 1
