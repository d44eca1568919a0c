import type { EventId, EventInfo, EventQuery } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { Prisma } from '../generated/prisma/client.ts'
import { writeVenueSearch } from '../venues/venue-repository.ts'
import { SEARCH_RULES, searchOf } from '../words.ts'
import { findEvents, overAt, type Position, writeSearch } from './event-repository.ts'

export interface Found {
  event: EventInfo
  /** How well it matches; 0 without search words. */
  rank: number
}

/** Weights of words in the description, the category, the place, the name. */
const WEIGHTS = Prisma.sql`'{0.1, 0.3, 0.4, 1}'::float4[]`

/**
 * Lists published events after `after`, one more than the limit: the best match first, then the earliest.
 * Leaves out those that are over at `from` (default: `now`).
 */
export async function searchPublished(
  db: Db,
  query: EventQuery,
  options: { after: (Position & { rank: number }) | null; now: Date },
): Promise<Found[]> {
  const wanted = query.query ? searchOf(query.query) : undefined
  const place = query.place ? searchOf(query.place, 'B') : undefined
  if (wanted === null || place === null) return []
  const filters = [
    Prisma.sql`status = 'PUBLISHED'`,
    Prisma.sql`${overAt} > ${query.from ?? options.now}`,
    ...(query.to ? [Prisma.sql`event_date <= ${query.to}`] : []),
    ...(query.category ? [Prisma.sql`category = ${query.category}`] : []),
    ...(wanted ? [Prisma.sql`search @@ ${wanted.beginnings}::tsquery`] : []),
    ...(place ? [Prisma.sql`search @@ ${place.beginnings}::tsquery`] : []),
  ]
  // Rounded, so that the date orders nearly equal matches.
  const rank = wanted
    ? Prisma.sql`round((ts_rank(${WEIGHTS}, search, ${wanted.beginnings}::tsquery)
        + ts_rank(${WEIGHTS}, search, ${wanted.wholes}::tsquery))::numeric, 2)::float8`
    : Prisma.sql`0::float8`
  const { after } = options
  const further = after
    ? Prisma.sql`where rank < ${after.rank}::float8
        or (rank = ${after.rank}::float8 and (event_date, id) > (${after.at}, ${after.id}::uuid))`
    : Prisma.empty
  const rows = await db.prisma.$queryRaw<{ id: EventId; rank: number }[]>`
    select id, rank from (select id, event_date, ${rank} as rank from events
      where ${Prisma.join(filters, ' and ')}) found
    ${further} order by rank desc, event_date, id limit ${query.limit + 1}`
  const ids = rows.map(({ id }) => id)
  const events = new Map((await findEvents(db, ids)).map((event) => [event.eventId, event]))
  return rows.flatMap(({ id, rank }) => {
    const event = events.get(id)
    return event ? [{ event, rank }] : []
  })
}

/** A row without search words, or with words of older rules, as in the partial indexes. */
const unsearchable = Prisma.raw(`(search is null or search_rules < ${SEARCH_RULES})`)

/**
 * Indexes up to `limit` events and as many venues that lack the current search words. Returns whether there
 * are more.
 */
export async function fillSearch(tx: Tx, limit: number): Promise<{ more: boolean }> {
  const events = await tx.prisma.$queryRaw<Parameters<typeof writeSearch>[1][]>`
    select id, name, venue_name as "venueName", venue_address as "venueAddress", category, description
    from events where ${unsearchable} limit ${limit} for update skip locked`
  for (const event of events) await writeSearch(tx, event)
  const venues = await tx.prisma.$queryRaw<Parameters<typeof writeVenueSearch>[1][]>`
    select id, name, address, city from venues where ${unsearchable} limit ${limit} for update skip locked`
  for (const venue of venues) await writeVenueSearch(tx, venue)
  return { more: events.length === limit || venues.length === limit }
}
