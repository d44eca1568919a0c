import type { Redis } from 'ioredis'
import type { Query, Violation } from './observed.ts'

/** I18, for the events in the availability cache. */
export async function freeCounts(query: Query, redis: Redis): Promise<Violation> {
  const counters = await query<{ ticket_type_id: string; event_id: string; free: number }>(
    'tickets',
    'select ticket_type_id, event_id, capacity - held - sold as free from ticket_type_counters',
  )
  const rows: unknown[] = []
  for (const { ticket_type_id, event_id, free } of counters) {
    const cached = await redis.hget(`tickets:{${event_id}}:free`, ticket_type_id)
    if (cached !== null && Number(cached) !== free)
      rows.push({ ticket_type_id, inRedis: Number(cached), free })
  }
  return { invariant: 'I18', statement: 'the free counts in Redis equal those in PostgreSQL', rows }
}

/**
 * I18 for seats, for the events that have a map in Redis. A seat that is held there may be sold in the
 * meantime; the map is then rebuilt.
 */
export async function seatMaps(query: Query, redis: Redis): Promise<Violation> {
  const maps = await query<{ event_id: string; map: string }>(
    'tickets',
    `select s.event_id, string_agg(case when z.ticket_type_id is null then 'x' when c.seat_id is null then '.'
        when c.ticket_id is not null then 's'
        when r.status = 'PAYING' or r.expires_at > clock_timestamp() then 'h'
        else '.' end, '' order by s.seat_index) as map
     from seats s join seating_zones z using (event_id, zone_id)
     left join seat_claims c using (event_id, seat_id)
       left join reservations r using (reservation_id) group by s.event_id`,
  )
  const rows: unknown[] = []
  for (const { event_id, map } of maps) {
    const cached = await redis.get(`tickets:{${event_id}}:map`)
    if (cached !== null && cached !== map) rows.push({ event_id, inRedis: cached, map })
  }
  return {
    invariant: 'I18',
    statement: 'the seat map in Redis equals the one in PostgreSQL',
    rows,
  }
}
