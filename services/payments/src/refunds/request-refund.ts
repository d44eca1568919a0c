import type { NewRefund, OrderId, RefundId, TicketId } from '@boxoffice/contracts'
import { RefusedError, refuse, type Sql, type Tx, type UserPrincipal } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { isAdmin } from '../orders/access.ts'
import { getOrder, type StoredOrder } from '../orders/order-repository.ts'
import type { RefundRequest } from '../saga/saga.ts'
import { findSaga, leaseSaga, type StoredSaga } from '../saga/saga-repository.ts'
import { driveWhileWaiting, waitsUntil } from '../saga/wait.ts'
import { hasLostDispute } from '../webhooks/dispute-repository.ts'
import { whyNotNow, whyRefused, whyTooLate } from './eligibility.ts'
import { findRefund, findRefundedAmong, type StoredRefund } from './refund-repository.ts'

const notRefundable = (message: string, ticketIds?: TicketId[]) =>
  new RefusedError(refuse(409, 'NOT_REFUNDABLE', message, ticketIds && { ticketIds }))

/**
 * Give tickets of an order back for somebody who may see it: the refund as far as it came within
 * `checkoutWaitMs`. Under the same `refundId` it is the same refund. Throws 404 for tickets that are not the
 * order's, 409 NOT_REFUNDABLE, and ServiceUnavailable while nobody can say whose the event is.
 */
export async function requestRefund(
  deps: Dependencies,
  asked: { order: StoredOrder; refundId: RefundId; body: NewRefund; principal: UserPrincipal },
): Promise<StoredRefund> {
  const { order, refundId, body, principal } = asked
  const sql = deps.db
  const known = await findRefund(sql, refundId)
  if (known) return answered(known)
  const why = whyNotNow(order, deps.now(), deps.config.ticketsPatienceMs)
  if (why) throw notRefundable(why)

  const force = await mayForce(deps, order, body, principal)
  const request = { refundId, ...body, force, requestedBy: principal.userId }
  const saga = await deps.db.transact((tx) => beginRefund(tx, deps, order.orderId, request))
  deps.crashAt('refund.requested')
  await driveWhileWaiting(deps, saga, waitsUntil(deps))
  const refund = await findRefund(sql, refundId)
  if (!refund) throw new Error(`refund ${refundId} was begun and is not there`)
  return answered(refund)
}

/** Whether tickets that are used or transferred go back too. Throws where the buyer is too late. */
async function mayForce(
  { access, now, db }: Dependencies,
  order: StoredOrder,
  { ticketIds }: NewRefund,
  principal: UserPrincipal,
): Promise<boolean> {
  if (isAdmin(principal)) return true
  const event = order.eventId ? await access.findEvent(order.eventId) : null
  if (event?.organizerId === principal.userId) return true
  const why = whyTooLate(event, now(), { isFree: await areFree(db, order, ticketIds) })
  if (why) throw notRefundable(why)
  return false
}

/** Whether nothing was paid for what is given back: the whole order, or these tickets of it. */
async function areFree(
  sql: Sql,
  { orderId, totalAmount, items }: StoredOrder,
  ticketIds?: readonly TicketId[],
): Promise<boolean> {
  if (totalAmount === 0) return true
  const freeTypes = items.filter(({ unitPrice }) => unitPrice === 0).map(({ ticketTypeId }) => ticketTypeId)
  if (!ticketIds || freeTypes.length === 0) return false
  const { issued = [] } = (await findSaga(sql, orderId))?.context ?? {}
  return ticketIds.every((id) =>
    issued.some(({ ticketId, ticketTypeId }) => ticketId === id && freeTypes.includes(ticketTypeId)),
  )
}

/** From this commit on the refund is worked on until it is done, whoever dies. */
async function beginRefund(
  tx: Tx,
  { apply, config, now }: Dependencies,
  orderId: OrderId,
  refund: RefundRequest,
): Promise<StoredSaga> {
  const saga = await leaseSaga(tx, orderId, config.leaseMs)
  const order = await getOrder(tx, orderId)
  const why = whyNotNow(order, now(), config.ticketsPatienceMs)
  if (why || !saga) throw notRefundable(why ?? 'the order is being worked on')
  if (await hasLostDispute(tx, orderId))
    throw notRefundable('the bank of whoever paid has given the money back')
  const { ticketIds = [] } = refund
  const unknown = ticketIds.filter(
    (ticketId) => !order.tickets?.some((ticket) => ticket.ticketId === ticketId),
  )
  if (unknown.length > 0) {
    throw new RefusedError(
      refuse(404, 'TICKET_NOT_FOUND', 'these tickets are not of this order', { ticketIds: unknown }),
    )
  }
  const before = await findRefundedAmong(tx, ticketIds)
  if (before.length > 0) throw notRefundable('these tickets have been refunded', before)
  const begun = await apply(tx, saga, { type: 'REFUND_REQUESTED', refund })
  if (!begun.applied) throw notRefundable('the order is being worked on')
  return begun.saga
}

function answered(refund: StoredRefund): StoredRefund {
  if (refund.status !== 'FAILED') return refund
  throw notRefundable(whyRefused(refund.failureReason ?? ''), refund.refusedTicketIds)
}
