import { type Message, paymentCompleted, paymentFailed, ticketDeliveryFailed, ticketsDelivered } from '@boxoffice/contracts'
import { on, type Subscriber } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { TxWithEffects } from '../reservations/transactions.ts'
import { type DeliveryNews, markDelivered, markUndelivered } from './delivery-repository.ts'
import { showIssued } from './issue.ts'

/** What becomes of orders. Redis is told after the commit: no network inside a transaction. */
export const orderSubscribers = (
  deps: Pick<Dependencies, 'issue' | 'logger' | 'redisPicture' | 'releases'>,
): readonly Subscriber<TxWithEffects>[] => [
  on(paymentCompleted, async (tx: TxWithEffects, { payload }) => {
    const result = await deps.issue(tx, payload)
    tx.afterCommit(() => showIssued(deps.redisPicture, payload, result))
    const { outcome } = result
    if (outcome !== 'ISSUED') deps.logger.warn({ orderId: payload.orderId, outcome }, 'a paid order gets no tickets')
  }),
  on(paymentFailed, async (tx: TxWithEffects, { payload }) => {
    const { orderId, reservationId, failureReason } = payload
    const result = await deps.releases.releaseClaim(tx, { orderId, reservationId, reason: failureReason })
    if (result.outcome === 'released') tx.afterCommit(() => deps.redisPicture.release([result.reservation]))
    if (result.outcome === 'issued') deps.logger.error({ orderId }, 'a payment failed whose tickets are issued: they stay')
  }),
  on(ticketsDelivered, (tx: Tx, message) => markDelivered(tx, newsOf(message), message.payload.deliveredAt)),
  // A mail that was delivered may come back, hours later.
  on(ticketDeliveryFailed, (tx: Tx, message) => markUndelivered(tx, newsOf(message))),
]

const newsOf = ({ payload, aggregateVersion }: Message<typeof ticketsDelivered | typeof ticketDeliveryFailed>): DeliveryNews => ({
  orderId: payload.orderId,
  notificationId: payload.notificationId,
  version: aggregateVersion,
})
