import * as z from 'zod'
import { defineNotFound, defineRefusal, withFields } from '../http/define-refusal.ts'
import { ORDER_HAS_RESERVATION, reserveRefusals } from '../tickets/refusals.ts'
import { OrderId, TicketId } from '../values/ids.ts'
import { SeatId } from '../values/seat.ts'
import { FailureReason, Retryable } from './order.ts'

export const ORDER_NOT_FOUND = defineNotFound('ORDER')
export const CONTACT_CHANGE_NOT_FOUND = defineRefusal(
  'CONTACT_CHANGE_NOT_FOUND',
  404,
  'there is no such change',
)
export const ORDER_NOT_PENDING = defineRefusal(
  'ORDER_NOT_PENDING',
  409,
  'the order is already paid, failed or cancelled',
)
export const TICKETS_NOT_OF_ORDER = defineRefusal(
  'TICKET_NOT_FOUND',
  404,
  'these tickets are not of this order',
  {
    ticketIds: z.array(TicketId).optional(),
  },
)
export const NOT_REFUNDABLE = defineRefusal('NOT_REFUNDABLE', 409, 'these tickets cannot be refunded', {
  ticketIds: z.array(TicketId).optional().meta({ description: 'the tickets that prevent it' }),
})
export const SAGA_ENDED = defineRefusal('SAGA_ENDED', 409, 'nothing is left to do')
export const SIGNATURE_INVALID = defineRefusal(
  'SIGNATURE_INVALID',
  400,
  'the signature is not valid for this body',
)
export const PAYMENT_DECLINED = defineRefusal('PAYMENT_DECLINED', 402, 'the payment was declined', {
  orderId: OrderId,
  failureReason: FailureReason,
  retryable: Retryable,
})

const ofOrder = { orderId: OrderId.optional() }
/** Why an order failed, by code. */
export const orderRefusals = {
  INSUFFICIENT_INVENTORY: withFields(reserveRefusals.INSUFFICIENT_INVENTORY, ofOrder),
  SEATS_TAKEN: withFields(reserveRefusals.SEATS_TAKEN, { ...ofOrder, seatIds: z.array(SeatId).optional() }),
  SALES_CLOSED: withFields(reserveRefusals.SALES_CLOSED, ofOrder),
  LIMIT_EXCEEDED: withFields(reserveRefusals.LIMIT_EXCEEDED, ofOrder),
  EVENT_NOT_ON_SALE: withFields(reserveRefusals.EVENT_NOT_ON_SALE, ofOrder),
  RESERVATION_EXPIRED: withFields(reserveRefusals.RESERVATION_EXPIRED, ofOrder),
  RESERVATION_IN_PAYMENT: withFields(reserveRefusals.RESERVATION_IN_PAYMENT, ofOrder),
  RESERVATION_ID_REUSED: withFields(reserveRefusals.RESERVATION_ID_REUSED, ofOrder),
  ORDER_HAS_RESERVATION: withFields(ORDER_HAS_RESERVATION, ofOrder),
  PRICE_CHANGED: defineRefusal('PRICE_CHANGED', 409, 'the total differs from the expected total', ofOrder),
  ORDER_CANCELLED: defineRefusal(
    'ORDER_CANCELLED',
    409,
    'the order was cancelled before it was paid',
    ofOrder,
  ),
  SYSTEM_ERROR: defineRefusal('SYSTEM_ERROR', 409, 'the order failed', ofOrder),
}
