import { paymentCompleted, paymentFailed, ticketDeliveryFailed, ticketsDelivered, userEmailVerified } from '@boxoffice/contracts'
import { ignore, on, type Subscriber } from '@boxoffice/messaging'
import type { Dependencies } from '../dependencies.ts'
import { releaseClaim } from '../reservations/release.ts'
import { markDelivered } from '../tickets/ticket-repository.ts'

/** What becomes of orders. Redis learns of it from the next reconciliation: no network inside a transaction. */
export const orderSubscribers = (deps: Pick<Dependencies, 'issue' | 'logger'>): readonly Subscriber[] => [
  on(paymentCompleted, async (tx, { payload }) => {
    const { outcome } = await deps.issue(tx, payload)
    if (outcome !== 'ISSUED') deps.logger.warn({ orderId: payload.orderId, outcome }, 'a paid order gets no tickets')
  }),
  on(paymentFailed, async (tx, { payload }) => {
    const { orderId, reservationId, failureReason } = payload
    const { outcome } = await releaseClaim(tx, { orderId, reservationId, reason: failureReason })
    if (outcome === 'issued') deps.logger.error({ orderId }, 'a payment failed whose tickets are issued: they stay')
  }),
  on(ticketsDelivered, (tx, { payload }) => markDelivered(tx, payload.orderId, payload.deliveredAt)),
  // The notification service tries again by itself and its log shows it; there is nothing to change about the tickets.
  ignore(ticketDeliveryFailed),
  // Only transfers to an address that is not verified yet wait for this.
  ignore(userEmailVerified),
]
