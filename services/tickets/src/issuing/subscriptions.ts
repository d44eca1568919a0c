import {
  type Message,
  paymentCompleted,
  paymentFailed,
  ticketDeliveryFailed,
  ticketsDelivered,
} from '@boxoffice/contracts'
import { type ConsumerOptions, currentOrigin, on, type Subscriber } from '@boxoffice/messaging'
import type { Logger, Tx } from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { Releases } from '../reservations/release.ts'
import { type DeliveryUpdate, markDelivered, markUndelivered } from './delivery-repository.ts'
import { type Issuing, showIssued } from './issue.ts'
import type { IssueResult, PaidOrder, PaidOrderRequest } from './paid-order.ts'

interface Deps {
  issuing: Issuing
  logger: Logger
  availabilityCache: AvailabilityCache
  releases: Pick<Releases, 'releaseClaim'>
}

/**
 * Subscribers for the results of payments and of ticket mails. They update Redis after the commit, so that no
 * transaction waits for the network.
 */
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
      deps.logger.error({ orderId }, 'payment failed after its tickets were issued: the tickets stay valid')
  }),
  on(ticketsDelivered, (tx: Tx, message) =>
    markDelivered(tx, updateOf(message), message.payload.deliveredAt),
  ),
  // A delivered mail may bounce hours later.
  on(ticketDeliveryFailed, (tx: Tx, message) => markUndelivered(tx, updateOf(message))),
]

/**
 * Handles the messages of one receive: paid orders are issued together, after all others, since the rows of
 * these are their own.
 */
export function handleTogether(
  deps: Deps,
  subscribers: readonly Subscriber<Tx>[],
): NonNullable<ConsumerOptions<Tx>['together']> {
  const ofType = new Map(subscribers.map((subscriber) => [subscriber.definition.eventType, subscriber]))
  return async (tx, messages, within) => {
    const paid: PaidOrderRequest[] = []
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
  deps.logger.warn({ orderId: order.orderId, outcome, reason }, 'tickets of a paid order were not issued')
}

const updateOf = ({
  payload,
  aggregateVersion,
}: Message<typeof ticketsDelivered | typeof ticketDeliveryFailed>): DeliveryUpdate => ({
  orderId: payload.orderId,
  notificationId: payload.notificationId,
  version: aggregateVersion,
})
