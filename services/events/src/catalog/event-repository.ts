import { EVENT_LENGTH_HOURS, type EventId, type EventInfo, type UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { Prisma } from '../generated/prisma/client.ts'
import { SEARCH_RULES, vectorOfEvent } from '../words.ts'
import { toEventInfo } from './event.ts'

/** SQL of `overAt`: when the event of a row ends. */
export const overAt = Prisma.raw(`coalesce(end_date, event_date + interval '${EVENT_LENGTH_HOURS} hours')`)

export async function findEvent(db: Db, eventId: EventId): Promise<EventInfo | null> {
  const row = await db.prisma.event.findUnique({ where: { id: eventId } })
  return row && toEventInfo(row)
}

/** Locks an event and what belongs to it until the transaction ends. */
export async function lockEvent(tx: Tx, eventId: EventId): Promise<void> {
  await tx.prisma.$queryRaw`select id from events where id = ${eventId}::uuid for update`
}

export async function findEvents(db: Db, eventIds: readonly EventId[]): Promise<EventInfo[]> {
  return (await db.prisma.event.findMany({ where: { id: { in: [...eventIds] } } })).map(toEventInfo)
}

export async function insertEvent(
  tx: Tx,
  event: Omit<Prisma.EventUncheckedCreateInput, 'searchRules'>,
): Promise<EventInfo> {
  const row = await tx.prisma.event.create({ data: event })
  await writeSearch(tx, row)
  return toEventInfo(row)
}

/** SQL, because Prisma cannot write a tsvector. */
export async function writeSearch(
  tx: Tx,
  event: { id: string } & Parameters<typeof vectorOfEvent>[0],
): Promise<void> {
  await tx.prisma.$executeRaw`
    update events set search = ${vectorOfEvent(event)}::tsvector, search_rules = ${SEARCH_RULES}
    where id = ${event.id}::uuid`
}

/** Updates an event if its version is the one that was read; null after a concurrent change. */
export async function updateEvent(
  tx: Tx,
  event: EventInfo,
  data: Prisma.EventUncheckedUpdateManyInput,
  now: Date,
): Promise<EventInfo | null> {
  const { count } = await tx.prisma.event.updateMany({
    where: { id: event.eventId, version: event.version },
    data: { ...data, version: { increment: 1 }, updatedAt: now },
  })
  if (count === 0) return null
  const row = await tx.prisma.event.findUniqueOrThrow({ where: { id: event.eventId } })
  if (SEARCHED.some((field) => data[field] !== undefined)) await writeSearch(tx, row)
  return toEventInfo(row)
}
const SEARCHED = ['name', 'venueName', 'venueAddress', 'category', 'description'] as const

/**
 * Deletes an event and what belongs to it, if its version is the one that was read. Returns whether it was.
 */
export async function removeEvent(tx: Tx, { eventId, version }: EventInfo): Promise<boolean> {
  const { count } = await tx.prisma.event.deleteMany({ where: { id: eventId, version } })
  return count === 1
}

/**
 * Completes up to `limit` events on sale that are over at `now`, and returns them. Locked ones are left for
 * the next run.
 */
export async function completeOver(
  tx: Tx,
  { now, limit }: { now: Date; limit: number },
): Promise<EventInfo[]> {
  const rows = await tx.prisma.$queryRaw<{ id: EventId }[]>`
    update events set status = 'COMPLETED', version = version + 1, updated_at = ${now}
    where id in (
      select id from events
      where status = 'PUBLISHED' and event_date <= ${now} and ${overAt} <= ${now}
      order by event_date limit ${limit} for update skip locked)
    returning id`
  return findEvents(
    tx,
    rows.map(({ id }) => id),
  )
}

export interface Position {
  at: Date
  id: string
}

/** Lists an organizer's events in every state, the newest first; one more than the limit. */
export async function listOfOrganizer(
  db: Db,
  organizerId: UserId,
  limit: number,
  after: Position | null,
): Promise<EventInfo[]> {
  const rows = await db.prisma.event.findMany({
    where: {
      organizerId,
      ...(after && { OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  })
  return rows.map(toEventInfo)
}
