import type { EventId, EventInfo, EventQuery, UserId, VenueId } from '@boxoffice/contracts'
import { Prisma, type PrismaClient } from '../generated/prisma/client.ts'
import { toEventInfo } from './event.ts'

/** Prisma, or a transaction of it. */
export type Db = PrismaClient | Prisma.TransactionClient

export async function findEvent(db: Db, eventId: EventId): Promise<EventInfo | null> {
  const row = await db.event.findUnique({ where: { id: eventId } })
  return row && toEventInfo(row)
}

/** Nobody else changes the event or what belongs to it until the transaction ends. */
export async function lockEvent(db: Db, eventId: EventId): Promise<void> {
  await db.$queryRaw`select id from events where id = ${eventId}::uuid for update`
}

export async function findEvents(db: Db, eventIds: readonly EventId[]): Promise<EventInfo[]> {
  return (await db.event.findMany({ where: { id: { in: [...eventIds] } } })).map(toEventInfo)
}

export async function insertEvent(db: Db, event: Omit<Prisma.EventUncheckedCreateInput, 'search'>): Promise<EventInfo> {
  return toEventInfo(await db.event.create({ data: event }))
}

/** Change an event that is still at the version that was read; null when somebody else has changed it since. */
export async function updateEvent(
  db: Db,
  event: EventInfo,
  data: Prisma.EventUncheckedUpdateManyInput,
  now: Date,
): Promise<EventInfo | null> {
  const { count } = await db.event.updateMany({
    where: { id: event.eventId, version: event.version },
    data: { ...data, version: { increment: 1 }, updatedAt: now },
  })
  return count === 0 ? null : findEvent(db, event.eventId)
}

export type Venue = { venueId: VenueId; venueName: string; venueAddress: string }

/** A venue that the organizer may use. */
export async function findVenue(db: Db, venueId: VenueId, organizerId: UserId): Promise<Venue | null> {
  const row = await db.venue.findFirst({ where: { id: venueId, organizerId } })
  return row && { venueId: row.id as VenueId, venueName: row.name, venueAddress: row.address }
}

/** The organizer's venue of this name and address, made where there is none. */
export async function ensureVenue(db: Db, venueId: string, organizerId: UserId, name: string, address: string): Promise<Venue> {
  const known = await db.venue.findFirst({ where: { organizerId, name, address } })
  const row = known ?? (await db.venue.create({ data: { id: venueId, organizerId, name, address } }))
  return { venueId: row.id as VenueId, venueName: name, venueAddress: address }
}

export interface Position {
  at: Date
  id: string
}

/** Published events by date, the next first, from `after` on; one more than the limit. Words match beginnings of words. */
export async function listPublished(db: Db, query: EventQuery, after: Position | null, now: Date): Promise<EventInfo[]> {
  const words = query.query?.match(/[\p{L}\p{N}]+/gu)?.slice(0, 10) ?? []
  if (query.query && words.length === 0) return []
  const filters = [
    Prisma.sql`status = 'PUBLISHED' and coalesce(end_date, event_date) >= ${query.from ?? now}`,
    ...(query.to ? [Prisma.sql`event_date <= ${query.to}`] : []),
    ...(query.category ? [Prisma.sql`category = ${query.category}`] : []),
    ...(words.length > 0 ? [Prisma.sql`search @@ to_tsquery('simple', ${words.map((word) => `${word}:*`).join(' & ')})`] : []),
    ...(after ? [Prisma.sql`(event_date, id) > (${after.at}, ${after.id}::uuid)`] : []),
  ]
  // Prisma has no row comparison and no tsvector: SQL finds and orders, Prisma reads.
  const found = await db.$queryRaw<{ id: EventId }[]>`
    select id from events where ${Prisma.join(filters, ' and ')} order by event_date, id limit ${query.limit + 1}`
  const events = new Map(
    (
      await findEvents(
        db,
        found.map(({ id }) => id),
      )
    ).map((event) => [event.eventId, event]),
  )
  return found.flatMap(({ id }) => events.get(id) ?? [])
}

/** An organizer's events in every state, the newest first; one more than the limit. */
export async function listOfOrganizer(db: Db, organizerId: UserId, limit: number, after: Position | null): Promise<EventInfo[]> {
  const rows = await db.event.findMany({
    where: {
      organizerId,
      ...(after && { OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  })
  return rows.map(toEventInfo)
}
