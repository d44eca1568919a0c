import type { eventsRoutes, VenueId } from '@boxoffice/contracts'
import {
  cursorFields,
  defineCursor,
  type Handlers,
  RefusedError,
  unknownCursor,
} from '@boxoffice/service-kit'
import type { Database } from '../database.ts'
import { searchOf } from '../words.ts'
import { findVenue, insertVenue, listVenues } from './venue-repository.ts'

interface Deps {
  db: Database
  now: () => Date
}

// The id alone: a name may be too long for a cursor, and clients can forge cursors.
const cursor = defineCursor({ id: cursorFields.id })

export function venueHandlers({
  db,
  now,
}: Deps): Handlers<Pick<typeof eventsRoutes, 'createVenue' | 'listVenues'>> {
  return {
    async createVenue({ body, principal, resourceId }) {
      const venue = {
        ...body,
        venueId: resourceId as VenueId,
        organizerId: principal.userId,
        createdAt: now(),
        listed: true,
      }
      return { status: 201, body: await db.transact((tx) => insertVenue(tx, venue)) }
    },
    async listVenues({ query, principal }) {
      const after = (cursor.decode(query.cursor)?.id ?? null) as VenueId | null
      if (after && !(await findVenue(db, after, principal.userId))) throw new RefusedError(unknownCursor())
      const wanted = query.query ? searchOf(query.query) : undefined
      if (wanted === null) return { status: 200, body: { venues: [], nextCursor: null } }
      const rows = await listVenues(db, principal.userId, { wanted, limit: query.limit, after })
      const { page, nextCursor } = cursor.pageOf(rows, query.limit, ({ venueId }) => ({ id: venueId }))
      return { status: 200, body: { venues: page, nextCursor } }
    },
  }
}
