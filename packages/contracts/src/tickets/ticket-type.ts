import * as z from 'zod'
import { ZONES_MAX } from '../events/seating-plan.ts'
import { EventId, TicketTypeId } from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { plainName } from '../values/plain-name.ts'
import { Instant } from '../values/text.ts'

export const ZoneId = z.int().min(1).max(999)

export const TicketType = z.object({
  ticketTypeId: TicketTypeId,
  eventId: EventId,
  name: z.string(),
  kind: z.enum(['GENERAL', 'SEATED']),
  unitPrice: Money,
  currency: Currency,
  quantityTotal: z.int(),
  quantityAvailable: z.int(),
  salesStartAt: Instant.optional(),
  salesEndAt: Instant.optional(),
  maxPerOrder: z.int(),
  maxPerUser: z.int().optional(),
  zoneIds: z.array(ZoneId).optional().meta({ description: 'of a seated type' }),
})
export type TicketType = z.output<typeof TicketType>

const Quantity = z.int().min(1).max(1_000_000)
const MaxPerOrder = z.int().min(1).max(100)
const MaxPerUser = z.int().min(1).max(1_000)

const SalesEnd = Instant.meta({
  description: "the event's start where none is given; never after the event is over, whatever is asked for",
})

const endsAfterItStarts = (type: { salesStartAt?: Date | null; salesEndAt?: Date | null }) =>
  !type.salesStartAt || !type.salesEndAt || type.salesEndAt > type.salesStartAt
const late = { path: ['salesEndAt'], message: 'must be after salesStartAt' }

export const NewTicketType = z
  .strictObject({
    eventId: EventId,
    name: plainName(100),
    unitPrice: Money,
    currency: Currency,
    quantity: Quantity.optional().meta({ description: 'of a general type' }),
    zoneIds: z
      .array(ZoneId)
      .min(1)
      .max(ZONES_MAX)
      .optional()
      .meta({ description: 'of a seated type: it sells all seats of these zones of the seating plan' }),
    salesStartAt: Instant.optional(),
    salesEndAt: SalesEnd.optional(),
    maxPerOrder: MaxPerOrder.optional().meta({ description: '10 where none is given' }),
    maxPerUser: MaxPerUser.optional(),
  })
  .refine((type) => (type.quantity === undefined) !== (type.zoneIds === undefined), {
    path: ['quantity'],
    message: 'give either quantity, of a general type, or zoneIds, of a seated one',
  })
  .refine((type) => new Set(type.zoneIds).size === (type.zoneIds ?? []).length, {
    path: ['zoneIds'],
    message: 'must name a zone once',
  })
  .refine(endsAfterItStarts, late)
export type NewTicketType = z.output<typeof NewTicketType>

/** The changes of a type; null removes an optional field. Held tickets keep their price. */
export const TicketTypeChanges = z
  .strictObject({
    name: plainName(100).optional(),
    unitPrice: Money.optional(),
    quantity: Quantity.optional().meta({ description: 'of a general type' }),
    salesStartAt: Instant.nullable().optional(),
    salesEndAt: SalesEnd.nullable().optional(),
    maxPerOrder: MaxPerOrder.optional(),
    maxPerUser: MaxPerUser.nullable().optional(),
  })
  .refine(endsAfterItStarts, late)
export type TicketTypeChanges = z.output<typeof TicketTypeChanges>
