import * as z from 'zod'
import { UserId, VenueId } from '../values/ids.ts'
import { plainName } from '../values/plain-name.ts'
import { Country, Instant, line, TimeZone } from '../values/text.ts'

export const NewVenue = z.strictObject({
  name: plainName(200),
  address: plainName(500),
  city: line(200).optional(),
  country: Country.optional().meta({ description: 'ISO 3166-1 alpha-2' }),
  timeZone: TimeZone.optional().meta({ description: 'IANA name; the default of events there' }),
  capacity: z.int().min(1).max(1_000_000).optional(),
})
export type NewVenue = z.output<typeof NewVenue>

export const Venue = z.object({
  venueId: VenueId,
  ...NewVenue.shape,
  // Links and offsets were accepted before: stored ones must still be shown.
  name: z.string(),
  address: z.string(),
  timeZone: z.string().optional(),
  organizerId: UserId.meta({ description: 'the user who created it' }),
  createdAt: Instant,
})
export type Venue = z.output<typeof Venue>
