import type { eventsRoutes, VenueId } from '@boxoffice/contracts'
import { decodeCursor, type Handlers, pageOf } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { wantedOf } from '../search/words.ts'
import { insertVenue, listVenues } from './venue-repository.ts'

const Position = z.object({ others: z.int(), name: z.string(), id: z.uuid() })

export function venueHandlers({ prisma, now }: Dependencies): Handlers<Pick<typeof eventsRoutes, 'createVenue' | 'listVenues'>> {
  return {
    async createVenue({ body, principal, resourceId }) {
      const venue = { ...body, venueId: resourceId as VenueId, organizerId: principal.userId, createdAt: now() }
      return { status: 201, body: await prisma.$transaction((tx) => insertVenue(tx, venue)) }
    },
    async listVenues({ query, principal }) {
      const after = decodeCursor(Position, query.cursor)
      const wanted = query.query ? wantedOf(query.query) : undefined
      if (wanted === null) return { status: 200, body: { venues: [], nextCursor: null } }
      const rows = await listVenues(prisma, principal.userId, { wanted, limit: query.limit, after })
      const { page, nextCursor } = pageOf(rows, query.limit, ({ others, name, id }) => ({ others, name, id }))
      return { status: 200, body: { venues: page.map(({ venue }) => venue), nextCursor } }
    },
  }
}
