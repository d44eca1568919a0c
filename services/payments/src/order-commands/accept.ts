import {
  createOrderCommand,
  deleteOrderCommand,
  type OrderId,
  orderCreated,
  type UserId,
  updateOrderCommand,
} from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import { type CrashAt, currentTraceparent, type Database, type Tx } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { getForChange, isCancelRequested, notPending } from '../orders/change-order.ts'
import { getOrder, insertOrders, type StoredOrder } from '../orders/order-repository.ts'
import {
  type Acceptance,
  type Draft,
  draftOf,
  getBoundOrder,
  type OrderRequest,
  recordDeferral,
} from '../orders/place-order.ts'
import type { Apply } from '../saga/apply.ts'
import type { SagaMetrics } from '../saga/metrics.ts'
import { insertSagas } from '../saga/new-sagas-repository.ts'
import { orderCreatedOf } from '../saga/order-messages.ts'
import type { OrderCommandMetrics } from './metrics.ts'

interface AcceptDeps {
  db: Database
  messaging: { append: Append }
  apply: Apply
  sagaMetrics: Pick<SagaMetrics, 'placed'>
  orderCommandMetrics: Pick<OrderCommandMetrics, 'accepted'>
  crashAt: CrashAt
  newId: () => string
  config: Pick<Config, 'orderQueuePatienceMs'>
}

/** Accepts orders and changes of orders for later. The stored request and its command are one commit. */
export const createAcceptance = (deps: AcceptDeps): Acceptance => ({
  acceptOrder: (request) => acceptOrder(deps, request),
  acceptHolderName: (...request) => acceptHolderName(deps, ...request),
  acceptCancellation: (...request) => acceptCancellation(deps, ...request),
})

/** Returns the existing order if the key is bound already. Throws a 422 for another body. */
async function acceptOrder(deps: AcceptDeps, request: OrderRequest): Promise<StoredOrder> {
  const order = await deps.db.transact((tx) => insertQueued(tx, deps, draftOf(deps, request, true)))
  if (!order) return recordDeferral(deps, await getBoundOrder(deps, request))
  deps.sagaMetrics.placed()
  deps.orderCommandMetrics.accepted('CREATE_ORDER')
  deps.crashAt('saga.created')
  return order
}

/** Inserts the order, its waiting saga and the command; null if the key is bound already. */
async function insertQueued(
  tx: Tx,
  { messaging, config }: Pick<AcceptDeps, 'messaging' | 'config'>,
  { order: draft, context }: Draft,
): Promise<StoredOrder | null> {
  const { orderId, userId } = draft
  if (!(await insertOrders(tx, [draft])).has(orderId)) return null
  const untold = context.purchase.kind === 'reserved'
  const saga = { orderId, state: 'QUEUED', context: untold ? { ...context, untold } : context } as const
  const patienceMs = config.orderQueuePatienceMs
  await insertSagas(tx, [{ ...saga, traceparent: currentTraceparent() }], { patienceMs })
  const placed = await getOrder(tx, orderId)
  const about = { aggregateVersion: placed.version }
  await messaging.append(tx, createOrderCommand, { orderId, userId }, about)
  if (!untold) await messaging.append(tx, orderCreated, orderCreatedOf(placed), about)
  return placed
}

/**
 * Accepts another name for the tickets, after earlier requests; returns the current order. An order that has
 * not begun takes the name at once. Throws 404 and 409 ORDER_NOT_PENDING.
 */
async function acceptHolderName(
  { db, messaging, apply, orderCommandMetrics }: AcceptDeps,
  orderId: OrderId,
  userId: UserId,
  holderName: string,
): Promise<StoredOrder> {
  const { order, isSent } = await db.transact(async (tx) => {
    const { saga, order } = await getForChange(tx, orderId, userId)
    if (order.status !== 'PENDING') throw notPending(order)
    const { version } = order
    if (saga.state === 'QUEUED') {
      await apply(tx, saga, { type: 'HOLDER_NAMED', holderName, asOf: version })
      return { order: await getOrder(tx, orderId), isSent: false }
    }
    await messaging.append(
      tx,
      updateOrderCommand,
      { orderId, userId, holderName },
      { aggregateVersion: version },
    )
    return { order, isSent: true }
  })
  if (isSent) orderCommandMetrics.accepted('UPDATE_ORDER')
  return order
}

/**
 * Accepts a cancellation, after earlier requests; returns the current order. The commit announces it to the
 * saga, so that an order that has not begun never begins. Repetition is safe. Throws 404 and 409
 * ORDER_NOT_PENDING.
 */
async function acceptCancellation(
  { db, messaging, apply, orderCommandMetrics }: AcceptDeps,
  orderId: OrderId,
  userId: UserId,
): Promise<StoredOrder> {
  const { order, isSent } = await db.transact(async (tx) => {
    const { saga, order } = await getForChange(tx, orderId, userId)
    if (isCancelRequested(saga, order)) return { order, isSent: false }
    if (order.status !== 'PENDING') throw notPending(order)
    await messaging.append(tx, deleteOrderCommand, { orderId, userId }, { aggregateVersion: order.version })
    await apply(tx, saga, { type: 'CANCEL_ANNOUNCED' })
    return { order: await getOrder(tx, orderId), isSent: true }
  })
  if (isSent) orderCommandMetrics.accepted('DELETE_ORDER')
  return order
}
