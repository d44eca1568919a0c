import { type eventsRoutes, VenueId } from '@boxoffice/contracts'
import { decodeCursor, type Handlers, pageOf, RefusedError, refuse } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { wantedOf } from '../search/words.ts'
import { findVenue, insertVenue, listVenues } from './venue-repository.ts'

// The id alone: a name could be longer than a cursor may be, and what stands in a cursor is anybody's to write.
const Position = z.object({ id: VenueId })

const notOurCursor = () =>
  refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', {
    details: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  })

export function venueHandlers({ prisma, now }: Dependencies): Handlers<Pick<typeof eventsRoutes, 'createVenue' | 'listVenues'>> {
  return {
    async createVenue({ body, principal, resourceId }) {
      const venue = { ...body, venueId: resourceId as VenueId, organizerId: principal.userId, createdAt: now() }
      return { status: 201, body: await prisma.$transaction((tx) => insertVenue(tx, venue)) }
    },
    async listVenues({ query, principal }) {
      const after = decodeCursor(Position, query.cursor)?.id ?? null
      if (after && !(await findVenue(prisma, after))) throw new RefusedError(notOurCursor())
      const wanted = query.query ? wantedOf(query.query) : undefined
      if (wanted === null) return { status: 200, body: { venues: [], nextCursor: null } }
      const rows = await listVenues(prisma, principal.userId, { wanted, limit: query.limit, after })
      const { page, nextCursor } = pageOf(rows, query.limit, ({ venueId }) => ({ id: venueId }))
      return { status: 200, body: { venues: page, nextCursor } }
    },
  }
}
