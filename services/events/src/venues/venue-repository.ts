import type { NewVenue, UserId, Venue, VenueId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { Prisma, type Venue as Row } from '../generated/prisma/client.ts'
import { SEARCH_RULES, type Search, vectorOfVenue } from '../words.ts'

const toVenue = (row: Omit<Row, 'search' | 'searchRules' | 'listed'>): Venue => ({
  venueId: row.id as VenueId,
  name: row.name,
  address: row.address,
  ...(row.city !== null && { city: row.city }),
  ...(row.country !== null && { country: row.country }),
  ...(row.timeZone !== null && { timeZone: row.timeZone }),
  ...(row.capacity !== null && { capacity: row.capacity }),
  organizerId: row.organizerId as UserId,
  createdAt: row.createdAt,
})

/** Finds a venue that this organizer may see. */
export async function findVenue(db: Db, venueId: VenueId, organizerId: UserId): Promise<Venue | null> {
  const row = await db.prisma.venue.findFirst({
    where: { id: venueId, OR: [{ organizerId }, { listed: true }] },
  })
  return row && toVenue(row)
}

/** Inserts a venue, or returns the existing one of this id. */
export async function insertVenue(
  tx: Tx,
  venue: NewVenue & { venueId: VenueId; organizerId: UserId; createdAt: Date; listed: boolean },
): Promise<Venue> {
  const { venueId: id, ...data } = venue
  const row = await tx.prisma.venue.upsert({ where: { id }, create: { id, ...data }, update: {} })
  await writeVenueSearch(tx, row)
  return toVenue(row)
}

/**
 * Returns the organizer's venue of this name and address, creating it if there is none: as private as the
 * draft that needs it.
 */
export async function ensureVenue(
  tx: Tx,
  venue: Omit<Parameters<typeof insertVenue>[1], 'listed'>,
): Promise<Venue> {
  const { organizerId, name, address } = venue
  const known = await tx.prisma.venue.findFirst({
    where: { organizerId, name, address },
    orderBy: { createdAt: 'asc' },
  })
  return known ? toVenue(known) : insertVenue(tx, { ...venue, listed: false })
}

/** Makes a venue public, as the events there are. */
export const listVenueOf = (tx: Tx, { venueId }: { venueId: VenueId }) =>
  tx.prisma.venue.updateMany({ where: { id: venueId, listed: false }, data: { listed: true } })

/** SQL, because Prisma cannot write a tsvector. */
export async function writeVenueSearch(
  tx: Tx,
  venue: { id: string } & Parameters<typeof vectorOfVenue>[0],
): Promise<void> {
  await tx.prisma.$executeRaw`
    update venues set search = ${vectorOfVenue(venue)}::tsvector, search_rules = ${SEARCH_RULES}
    where id = ${venue.id}::uuid`
}

/**
 * Lists venues by name that this organizer may see, after the venue `after`, their own first; one more than
 * the limit.
 */
export async function listVenues(
  db: Db,
  organizerId: UserId,
  { wanted, limit, after }: { wanted: Search | undefined; limit: number; after: VenueId | null },
): Promise<Venue[]> {
  const filters = [
    Prisma.sql`(organizer_id = ${organizerId}::uuid or listed)`,
    ...(wanted ? [Prisma.sql`search @@ ${wanted.beginnings}::tsquery`] : []),
    ...(after
      ? [
          Prisma.sql`((organizer_id <> ${organizerId}::uuid)::int, lower(name), id)
            > (select (organizer_id <> ${organizerId}::uuid)::int, lower(name), id from venues
              where id = ${after}::uuid)`,
        ]
      : []),
  ]
  const rows = await db.prisma.$queryRaw<Omit<Row, 'search' | 'searchRules' | 'listed'>[]>`
    select id, organizer_id as "organizerId", name, address, city, country, time_zone as "timeZone", capacity,
      created_at as "createdAt"
    from venues where ${Prisma.join(filters, ' and ')}
    order by (organizer_id <> ${organizerId}::uuid)::int, lower(name), id limit ${limit + 1}`
  return rows.map(toVenue)
}
