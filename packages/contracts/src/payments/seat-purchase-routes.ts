import * as z from 'zod'
import { EVENT_NOT_FOUND } from '../events/refusals.ts'
import { saying, withFields } from '../http/define-refusal.ts'
import { defineRoute } from '../http/define-route.ts'
import {
  FORBIDDEN,
  IDEMPOTENCY_KEY_REUSED,
  SERVICE_UNAVAILABLE,
  VALIDATION_FAILED,
} from '../http/refusals.ts'
import { RESERVATION_NOT_FOUND, SEAT_NOT_FOUND } from '../tickets/refusals.ts'
import { EventId, OrderId, TicketId, UserId, VenueId } from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { plainName } from '../values/plain-name.ts'
import { Seat, SeatLabel } from '../values/seat.ts'
import { Instant } from '../values/text.ts'
import { orderRefusals, PAYMENT_DECLINED } from './refusals.ts'

// Buys one seat at a time; sold seats are read from the analytics service (`ticketQueryRoutes`).

const seatOfEvent = { venueId: VenueId, eventId: EventId, ...Seat.shape }

export const SeatPurchase = z.strictObject({
  userId: UserId.optional().meta({
    description: 'optional; must be your own id: you cannot buy for another user',
  }),
  venueId: VenueId,
  eventId: EventId,
  zoneId: z.int().min(1).max(999),
  rowLabel: SeatLabel,
  colLabel: SeatLabel,
  paymentToken: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,200}$/, 'must be a payment token of the gateway')
    .optional()
    .meta({
      description:
        'may be left out for a seat that costs nothing, and where the platform has a token of its own',
    }),
  holderName: plainName(200).optional().meta({ description: "the user's own name where none is given" }),
})
export type SeatPurchase = z.output<typeof SeatPurchase>

export const PurchasedSeat = z.object({
  ticketId: TicketId,
  orderId: OrderId,
  status: z.literal('CONFIRMED'),
  ...seatOfEvent,
  price: Money,
  currency: Currency,
  createdOn: Instant,
})
export type PurchasedSeat = z.output<typeof PurchasedSeat>

export const seatPurchaseRoutes = {
  buySeat: defineRoute({
    method: 'POST',
    path: '/api/v1/tickets',
    summary: 'Buy one seat',
    access: 'user',
    idempotency: 'bindable',
    body: SeatPurchase,
    responses: {
      201: PurchasedSeat,
      202: z
        .object({ orderId: OrderId, status: z.literal('PENDING') })
        .meta({ description: 'outcome unknown: poll /api/payments/orders/{orderId}' }),
    },
    refusals: [
      VALIDATION_FAILED,
      PAYMENT_DECLINED,
      saying(FORBIDDEN, 'userId is another user'),
      EVENT_NOT_FOUND,
      RESERVATION_NOT_FOUND,
      SEAT_NOT_FOUND,
      ...Object.values(orderRefusals),
      IDEMPOTENCY_KEY_REUSED,
      withFields(SERVICE_UNAVAILABLE, { orderId: OrderId.optional() }),
    ],
  }),
} as const
