import { type Append, type AppendAll, currentOrigin } from '@boxoffice/messaging'
import { type CrashAt, sideBySide, type Tx } from '@boxoffice/service-kit'
import { listReplicasAsOf } from '../event-replicas/replica-repository.ts'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { Expiry } from '../reservations/expire.ts'
import { lockOrders } from '../reservations/lock-repository.ts'
import { insertIssued } from '../reservations/outcome-repository.ts'
import type { Releases } from '../reservations/release.ts'
import { lockReservations } from '../reservations/reservation-repository.ts'
import { createClaimIssuing } from './issue-claims.ts'
import { createSingleIssuing } from './issue-one.ts'
import type { ClaimedOrder, IssueResult, PaidOrder, PaidOrderRequest } from './paid-order.ts'

/** Updates the availability cache after an order was issued or rejected. */
export async function showIssued(
  availabilityCache: Pick<AvailabilityCache, 'sell' | 'release'>,
  { reservationId }: Pick<PaidOrder, 'reservationId'>,
  result: IssueResult,
): Promise<void> {
  if (result.outcome !== 'ISSUED') return availabilityCache.release(result.released)
  const [ticket] = result.tickets
  if (ticket) await availabilityCache.sell([{ eventId: ticket.eventId, reservationId }])
}

/**
 * Issues the tickets of paid orders, once each, for `PAYMENT_COMPLETED` and `confirm-purchase`. The order's
 * outcome is written first; an existing outcome is the answer, and nothing else happens. The claim becomes
 * sold places. If the claim was lost, its places are taken again if they are free; else the order is
 * rejected, and the payment service refunds it.
 */
export function createIssuing(deps: {
  append: Append
  appendAll: AppendAll
  expiry: Expiry
  releases: Releases
  crashAt: CrashAt
  newId: () => string
  publicUrl: string
}) {
  const issueClaims = createClaimIssuing(deps)
  const { issueOne, giveUp } = createSingleIssuing(deps)

  const issue = async (tx: Tx, order: PaidOrder): Promise<IssueResult> => {
    const [result] = await issueAll(tx, [{ ...order, origin: currentOrigin() }])
    return result as IssueResult
  }

  /**
   * Issues several orders; the results are in their order. Orders with a valid claim, nearly all, are issued
   * together, the others one by one after them.
   */
  async function issueAll(tx: Tx, orders: readonly PaidOrderRequest[]): Promise<IssueResult[]> {
    const [, locked] = await sideBySide([
      lockOrders(
        tx,
        orders.map(({ orderId }) => orderId),
      ),
      lockReservations(tx, [...new Set(orders.map(({ reservationId }) => reservationId))]),
    ])
    const reservations = new Map(locked.map((reservation) => [reservation.reservationId, reservation]))
    const found = await listReplicasAsOf(tx, [...new Set(locked.map(({ eventId }) => eventId))])
    const replicas = new Map(found.map(({ replica }) => [replica.eventId, replica]))
    const claims = orders.flatMap((order): ClaimedOrder[] => {
      const reservation = reservations.get(order.reservationId)
      if (reservation?.status !== 'PAYING' || reservation.orderId !== order.orderId) return []
      const replica = replicas.get(reservation.eventId)
      const isValid =
        reservation.userId === order.userId && replica !== undefined && replica.status !== 'CANCELLED'
      return isValid ? [{ order, reservation, venueId: replica.venueId }] : []
    })
    const fresh =
      claims.length > 0
        ? await insertIssued(
            tx,
            claims.map(({ order }) => order),
          )
        : new Set()
    const issued = await issueClaims(
      tx,
      claims.filter(({ order }) => fresh.delete(order.orderId)),
    )
    const results: IssueResult[] = []
    for (const order of orders) {
      const tickets = issued.get(order)
      results.push(tickets ? { outcome: 'ISSUED', tickets } : await issueOne(tx, order))
    }
    deps.crashAt('issue.before-commit')
    return results
  }

  return { issue, issueAll, giveUp }
}
export type Issuing = ReturnType<typeof createIssuing>
