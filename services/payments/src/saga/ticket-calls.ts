import { type FailureReason, type ReservationId, ReserveRefusal, type SeatId } from '@boxoffice/contracts'
import { refundOf, totalOf } from './amounts.ts'
import type { Call } from './call.ts'
import { issuedTicket } from './input.ts'
import type {
  Awaiting,
  Begun,
  CancellingTickets,
  Failure,
  Item,
  Released,
  Unpriced,
  Withdrawing,
} from './saga.ts'

/** Begins an order whose command was lost or found no slot. */
export const begin: Call<Begun, 'BEGIN'> = async () => ({ input: { type: 'BEGIN' } })

export const reserve: Call<Begun, 'RESERVED' | 'REFUSED' | 'LIMIT_PASSED'> = async (ports, saga) => {
  const { orderId, context, createdAt } = saga
  const { userId, reservationId, purchase } = context
  if (ports.now().getTime() - createdAt.getTime() > ports.unknownLimitMs)
    return { input: { type: 'LIMIT_PASSED' } }
  const answer =
    purchase.kind === 'direct'
      ? await ports.tickets.reserve({
          body: {
            ...{ userId, orderId, reservationId },
            ...{ eventId: purchase.eventId, ticketRequests: purchase.ticketRequests },
          },
        })
      : await ports.tickets.claimReservation({ body: { reservationId, orderId, userId } })
  if (answer.status !== 200) {
    return { input: { type: 'REFUSED', failure: refusalOf(answer.status, answer.body) } }
  }
  const { eventId, currency, tickets } = answer.body
  const items = itemsOf(tickets)
  const total = totalOf(items)
  const isUnpayable = total > 0 && context.paymentToken === undefined
  const at = ports.now().toISOString()
  // The transaction that applies this reads whether the event is cancelled.
  const held = { at, eventId, items, total, currency, eventCancelled: false }
  return { input: { type: 'RESERVED', ...held, ...(isUnpayable && { tokenMissing: true }) } }
}

/** Translates the ticket service's refusal for the buyer's order. */
function refusalOf(
  status: 400 | 404 | 409,
  refusal: { error: string; message: string; seatIds?: SeatId[]; reservationIds?: ReservationId[] },
): Failure {
  const { error: code, message, seatIds, reservationIds } = refusal
  const own: readonly FailureReason[] = [...ReserveRefusal.options, 'RESERVATION_EXPIRED']
  const named = { ...(seatIds && { seatIds }), ...(reservationIds && { reservationIds }) }
  return { reason: own.find((reason) => reason === code) ?? 'SYSTEM_ERROR', status, code, message, ...named }
}

/** Merges lines by type: an order has one line per type, whatever the reservation has. */
function itemsOf(tickets: readonly Item[]): Item[] {
  const byType = Map.groupBy(tickets, ({ ticketTypeId }) => ticketTypeId)
  return [...byType.entries()].map(([ticketTypeId, lines]) => {
    const [{ unitPrice }] = lines as [Item]
    if (lines.some((line) => line.unitPrice !== unitPrice))
      throw new Error(`a reservation has two prices for type ${ticketTypeId}`)
    const quantity = lines.reduce((count, line) => count + line.quantity, 0)
    const seatIds = lines.flatMap((line) => line.seatIds ?? [])
    return { ticketTypeId, quantity, unitPrice, ...(seatIds.length > 0 && { seatIds }) }
  })
}

export const release: Call<Unpriced | Released, 'RELEASED'> = async (ports, { orderId, context }) => {
  const { reservationId, failure } = context
  const reason = failure?.reason ?? 'PAYMENT_FAILED'
  const answer = await ports.tickets.releaseClaim({ body: { reservationId, orderId, reason } })
  return answer.status === 200
    ? { input: { type: 'RELEASED' } }
    : { retryReason: answer.body.error, isFailure: true }
}

export const confirm: Call<Awaiting, 'TICKETS_ISSUED' | 'TICKETS_REJECTED'> = async (
  ports,
  { orderId, context },
) => {
  const { reservationId, userId, holderName } = context
  const answer = await ports.tickets.confirmPurchase({
    body: { reservationId, orderId, userId, holderName },
  })
  if (answer.status === 200) {
    return { input: { type: 'TICKETS_ISSUED', tickets: answer.body.tickets.map(issuedTicket) } }
  }
  const { reason, detail } = answer.body
  return { input: { type: 'TICKETS_REJECTED', reason, ...(detail && { detail }) } }
}

export const cancelTickets: Call<CancellingTickets, 'TICKETS_CANCELLED'> = async (
  ports,
  { orderId, context },
) => {
  const body = { orderId, reason: context.refundReason, force: true }
  const answer = await ports.tickets.cancelOrderTickets({ body })
  return answer.status === 200
    ? { input: { type: 'TICKETS_CANCELLED' } }
    : { retryReason: answer.body.error, isFailure: true }
}

/**
 * Withdraws the tickets before any money is refunded; only the ticket service's answer says what they were
 * worth.
 */
export const withdrawTickets: Call<Withdrawing, 'TICKETS_WITHDRAWN' | 'WITHDRAWAL_REFUSED'> = async (
  ports,
  { orderId, context },
) => {
  const { refundId, ticketIds, reason, force } = refundOf(context)
  const answer = await ports.tickets.cancelOrderTickets({
    body: { orderId, refundId, ticketIds, reason, force },
  })
  if (answer.status === 200) {
    return {
      input: { type: 'TICKETS_WITHDRAWN', at: ports.now().toISOString(), tickets: answer.body.cancelled },
    }
  }
  const inTheWay = answer.status === 409 ? answer.body.ticketIds : []
  return { input: { type: 'WITHDRAWAL_REFUSED', code: answer.body.error, ticketIds: inTheWay } }
}
