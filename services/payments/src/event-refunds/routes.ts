import type { EventRefunds, paymentsEventRefundRoutes } from '@boxoffice/contracts'
import { cursorFields, type Database, defineCursor, type Handlers } from '@boxoffice/service-kit'
import {
  type BegunRefunds,
  countBegunRefunds,
  listCancelledEvents,
  type PaidOrders,
  sumPaidOrders,
} from './progress-repository.ts'

const cursor = defineCursor({ cancelledAt: cursorFields.instant, eventId: cursorFields.id })

/** Shows operators how far the refunds of cancelled events are. */
export const eventRefundHandlers = ({
  db,
}: {
  db: Database
}): Handlers<typeof paymentsEventRefundRoutes> => ({
  async listEventRefunds({ query: { limit, eventId, cursor: from } }) {
    const after = cursor.decode(from)
    // One snapshot: an order is either still in progress or already refunded.
    return db.transact(
      async (tx) => {
        const rows = await listCancelledEvents(tx, { eventId, limit, after })
        const { page, nextCursor } = cursor.pageOf(rows, limit, (event) => event)
        const eventIds = page.map((event) => event.eventId)
        const paid = Map.groupBy(await sumPaidOrders(tx, eventIds), (one) => one.eventId)
        const begun = new Map((await countBegunRefunds(tx, eventIds)).map((one) => [one.eventId, one]))
        const events = page.map((event) => ({
          ...event,
          ...progressOf(paid.get(event.eventId) ?? [], begun.get(event.eventId)),
        }))
        return { status: 200, body: { events, nextCursor } }
      },
      { readOnlySnapshot: true },
    )
  },
})

function progressOf(
  paid: readonly PaidOrders[],
  begun: BegunRefunds | undefined,
): Omit<EventRefunds, 'eventId' | 'cancelledAt' | 'finished'> {
  const count = (of: 'orders' | 'refunded') => paid.reduce((total, one) => total + one[of], 0)
  const [orders, refunded] = [count('orders'), count('refunded')]
  return {
    orders,
    refunded,
    inProgress: begun?.inProgress ?? 0,
    failing: begun?.failing ?? 0,
    remaining: orders - refunded,
    amounts: paid.map(({ currency, refundedAmount, remainingAmount }) => ({
      currency,
      refunded: refundedAmount,
      remaining: remainingAmount,
    })),
    ...(begun?.lastError && { lastError: begun.lastError }),
  }
}
