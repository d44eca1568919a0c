import {
  type NewRefund,
  NOT_REFUNDABLE,
  type OrderId,
  type RefundId,
  TICKETS_NOT_OF_ORDER,
  type TicketId,
} from '@boxoffice/contracts'
import {
  type CrashAt,
  type Database,
  type Logger,
  RefusedError,
  refuse,
  type Sql,
  type Tx,
  type UserPrincipal,
} from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { type Access, isAdmin } from '../orders/access.ts'
import { getOrder, type StoredOrder } from '../orders/order-repository.ts'
import type { Apply } from '../saga/apply.ts'
import type { Drive } from '../saga/drive.ts'
import type { RefundRequest } from '../saga/saga.ts'
import { findSaga, leaseSaga, type StoredSaga } from '../saga/saga-repository.ts'
import { driveWhileWaiting, waitsUntil } from '../saga/wait.ts'
import { hasLostDispute } from '../webhooks/dispute-repository.ts'
import { whyNotNow, whyRefused, whyTooLate } from './eligibility.ts'
import { findRefund, findRefundedAmong, type StoredRefund } from './refund-repository.ts'

export interface RefundDeps {
  db: Database
  access: Access
  apply: Apply
  drive: Drive
  crashAt: CrashAt
  logger: Logger
  now: () => Date
  config: Pick<Config, 'checkoutWaitMs' | 'leaseMs' | 'ticketsPatienceMs'>
}

const notRefundable = (message: string, ticketIds?: TicketId[]) =>
  new RefusedError(refuse(NOT_REFUNDABLE, { message, ...(ticketIds && { ticketIds }) }))

/**
 * Refunds tickets of an order for a user who may see it; returns the refund as of `checkoutWaitMs` at most.
 * The same `refundId` is the same refund. Throws 404 for tickets of other orders, 409 NOT_REFUNDABLE, and
 * ServiceUnavailable while the event service is unavailable.
 */
export async function requestRefund(
  deps: RefundDeps,
  input: { order: StoredOrder; refundId: RefundId; body: NewRefund; principal: UserPrincipal },
): Promise<StoredRefund> {
  const { order, refundId, body, principal } = input
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
  if (!refund) throw new Error(`refund ${refundId} was begun but does not exist`)
  return answered(refund)
}

/** Returns whether used and transferred tickets are refunded too. Throws if the buyer is too late. */
async function mayForce(
  { access, now, db }: Pick<RefundDeps, 'access' | 'now' | 'db'>,
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

/** Returns whether what is to be refunded, the whole order or these tickets, was free. */
async function areFree(
  sql: Sql,
  { orderId, totalAmount, items }: StoredOrder,
  ticketIds?: readonly TicketId[],
): Promise<boolean> {
  if (totalAmount === 0) return true
  const freeTypes = items.filter(({ unitPrice }) => unitPrice === 0).map(({ ticketTypeId }) => ticketTypeId)
  if (!ticketIds || freeTypes.length === 0) return false
  const { issued = [] } = (await findSaga(sql, orderId))?.context ?? {}
  const freeIds = issued.flatMap((ticket) =>
    freeTypes.includes(ticket.ticketTypeId) ? [ticket.ticketId] : [],
  )
  return ticketIds.every((ticketId) => freeIds.includes(ticketId))
}

/** Begins the refund. After this commit it is driven until it completes, even if the process dies. */
async function beginRefund(
  tx: Tx,
  { apply, config, now }: Pick<RefundDeps, 'apply' | 'config' | 'now'>,
  orderId: OrderId,
  refund: RefundRequest,
): Promise<StoredSaga> {
  const saga = await leaseSaga(tx, orderId, config.leaseMs)
  const order = await getOrder(tx, orderId)
  const why = whyNotNow(order, now(), config.ticketsPatienceMs)
  if (why || !saga) throw notRefundable(why ?? 'the order is being processed')
  if (await hasLostDispute(tx, orderId)) throw notRefundable('the payment was charged back')
  const { ticketIds = [] } = refund
  const unknown = ticketIds.filter(
    (ticketId) => !order.tickets?.some((ticket) => ticket.ticketId === ticketId),
  )
  if (unknown.length > 0) {
    throw new RefusedError(refuse(TICKETS_NOT_OF_ORDER, { ticketIds: unknown }))
  }
  const before = await findRefundedAmong(tx, ticketIds)
  if (before.length > 0) throw notRefundable('these tickets have been refunded', before)
  const begun = await apply(tx, saga, { type: 'REFUND_REQUESTED', refund })
  if (!begun.applied) throw notRefundable('the order is being processed')
  return begun.saga
}

function answered(refund: StoredRefund): StoredRefund {
  if (refund.status !== 'FAILED') return refund
  throw notRefundable(whyRefused(refund.failureReason ?? ''), refund.refusedTicketIds)
}
