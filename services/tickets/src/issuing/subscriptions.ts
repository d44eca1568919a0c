import {
  type Message,
  paymentCompleted,
  paymentFailed,
  ticketDeliveryFailed,
  ticketsDelivered,
} from '@boxoffice/contracts'
import {
  type ConsumerOptions,
  currentOrigin,
  type MessageOrigin,
  on,
  type Subscriber,
} from '@boxoffice/messaging'
import type { Logger, Tx } from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { Releases } from '../reservations/release.ts'
import { type DeliveryNews, markDelivered, markUndelivered } from './delivery-repository.ts'
import type { Issuing } from './issue.ts'
import { type IssueResult, type PaidOrder, showIssued } from './issue.ts'

interface Deps {
  issuing: Issuing
  logger: Logger
  availabilityCache: AvailabilityCache
  releases: Pick<Releases, 'releaseClaim'>
}

/** What becomes of orders. Redis is told after the commit: no network inside a transaction. */
export const orderSubscribers = (deps: Deps): readonly Subscriber<Tx>[] => [
  on(
    paymentCompleted,
    async (tx: Tx, { payload }) => afterIssue(deps, tx, payload, await deps.issuing.issue(tx, payload)),
    async (tx: Tx, { payload }, why) =>
      afterIssue(deps, tx, payload, await deps.issuing.giveUp(tx, payload, why)),
  ),
  on(paymentFailed, async (tx: Tx, { payload }) => {
    const { orderId, reservationId, failureReason } = payload
    const result = await deps.releases.releaseClaim(tx, { orderId, reservationId, reason: failureReason })
    if (result.outcome === 'released')
      tx.afterCommit(() => deps.availabilityCache.release([result.reservation]))
    if (result.outcome === 'issued')
      deps.logger.error({ orderId }, 'a payment failed whose tickets are issued: they stay')
  }),
  on(ticketsDelivered, (tx: Tx, message) => markDelivered(tx, newsOf(message), message.payload.deliveredAt)),
  // A mail that was delivered may come back, hours later.
  on(ticketDeliveryFailed, (tx: Tx, message) => markUndelivered(tx, newsOf(message))),
]

/**
 * Messages of one receive: paid orders get their tickets together, after all else, whose rows are its own.
 */
export function takeTogether(
  deps: Deps,
  subscribers: readonly Subscriber<Tx>[],
): NonNullable<ConsumerOptions<Tx>['together']> {
  const ofType = new Map(subscribers.map((subscriber) => [subscriber.definition.eventType, subscriber]))
  return async (tx, messages, within) => {
    const paid: (PaidOrder & { origin: MessageOrigin })[] = []
    for (const message of messages) {
      if (message.eventType === paymentCompleted.eventType) {
        const { payload } = message as Message<typeof paymentCompleted>
        paid.push({ ...payload, origin: within(message, currentOrigin) })
      } else await within(message, async () => ofType.get(message.eventType)?.handle(tx, message))
    }
    if (paid.length === 0) return
    const results = await deps.issuing.issueAll(tx, paid)
    for (const [index, order] of paid.entries()) afterIssue(deps, tx, order, results[index] as IssueResult)
  }
}

function afterIssue(deps: Deps, tx: Tx, order: PaidOrder, result: IssueResult) {
  tx.afterCommit(() => showIssued(deps.availabilityCache, order, result))
  if (result.outcome === 'ISSUED') return
  const { outcome, reason } = result
  deps.logger.warn({ orderId: order.orderId, outcome, reason }, 'a paid order gets no tickets')
}

const newsOf = ({
  payload,
  aggregateVersion,
}: Message<typeof ticketsDelivered | typeof ticketDeliveryFailed>): DeliveryNews => ({
  orderId: payload.orderId,
  notificationId: payload.notificationId,
  version: aggregateVersion,
})
