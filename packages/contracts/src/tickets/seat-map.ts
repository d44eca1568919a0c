import * as z from 'zod'
import { EventId } from '../values/ids.ts'
import { SeatId } from '../values/seat.ts'
import { Instant } from '../values/text.ts'

/** The state of a seat on the map: free, held, sold, not for sale. */
export const SeatStatus = z.enum(['.', 'h', 's', 'x'])
export type SeatStatus = z.output<typeof SeatStatus>

/** The seats of an event, one character each in the order of its seating plan. */
export const SeatMap = z.object({
  eventId: EventId,
  planVersion: z.int(),
  statuses: z
    .string()
    .regex(/^[.hsx]*$/)
    .meta({ description: 'in plan order: . free, h held, s sold, x not for sale', examples: ['..hhs.xx'] }),
  asOf: Instant,
})
export type SeatMap = z.output<typeof SeatMap>
/** The changes of a seat map since the previous item. */
export const SeatMapChanges = z.object({
  asOf: Instant,
  changes: z.array(
    z.object({ seatId: SeatId, index: z.int().meta({ description: 'in plan order' }), status: SeatStatus }),
  ),
})
export type SeatMapChanges = z.output<typeof SeatMapChanges>
