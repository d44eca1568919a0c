import {
  createOrderCommand,
  deleteOrderCommand,
  type OrderId,
  orderCreated,
  type UserId,
  updateOrderCommand,
} from '@boxoffice/contracts'
import { currentTraceparent } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { getForChange, isCancelWished, notPending } from '../orders/change-order.ts'
import { getOrder, insertOrders, type StoredOrder } from '../orders/order-repository.ts'
import { draftOf, getBoundOrder, type OrderRequest, settled } from '../orders/place-order.ts'
import { orderCreatedOf } from '../saga/order-messages.ts'
import { insertSagas } from '../saga/saga-repository.ts'

/**
 * Accept an order for later: order, waiting saga and command in one commit, and nobody waits. A key that is
 * bound to an order already gives that order as it stands. Throws a 422 for another body.
 */
export async function acceptOrder(deps: Dependencies, request: OrderRequest): Promise<StoredOrder> {
  const { db, messaging, config } = deps
  const { order: draft, context } = draftOf(deps, request, true)
  const { orderId } = draft
  const order = await db.transact(async (tx) => {
    if (!(await insertOrders(tx, [draft])).has(orderId)) return null
    const untold = context.purchase.kind === 'reserved'
    const saga = { orderId, state: 'QUEUED', context: untold ? { ...context, untold } : context } as const
    await insertSagas(tx, [{ ...saga, traceparent: currentTraceparent() }], {
      patienceMs: config.orderQueuePatienceMs,
    })
    const placed = await getOrder(tx, orderId)
    const payload = { orderId, userId: request.userId }
    await messaging.append(tx, createOrderCommand, payload, { aggregateVersion: placed.version })
    if (!untold)
      await messaging.append(tx, orderCreated, orderCreatedOf(placed), { aggregateVersion: placed.version })
    return placed
  })
  if (!order) return settled(deps, await getBoundOrder(deps, request))
  deps.sagaMetrics.placed()
  deps.orderCommandMetrics.accepted('CREATE_ORDER')
  deps.crashAt('saga.created')
  return order
}

/**
 * Another name on the tickets, after what was asked for before: the order as it stands. One that has not
 * begun bears it at once. Throws 404 and 409 ORDER_NOT_PENDING.
 */
export async function acceptHolderName(
  { db, messaging, apply, orderCommandMetrics }: Dependencies,
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
 * The wish to cancel, after what was asked for before: the order as it stands. An order that has not begun
 * will not: it knows of the wish from this commit on. Wished for twice it is the same. Throws 404 and 409
 * ORDER_NOT_PENDING.
 */
export async function acceptCancellation(
  { db, messaging, apply, orderCommandMetrics }: Dependencies,
  orderId: OrderId,
  userId: UserId,
): Promise<StoredOrder> {
  const { order, isSent } = await db.transact(async (tx) => {
    const { saga, order } = await getForChange(tx, orderId, userId)
    if (isCancelWished(saga, order)) return { order, isSent: false }
    if (order.status !== 'PENDING') throw notPending(order)
    await messaging.append(tx, deleteOrderCommand, { orderId, userId }, { aggregateVersion: order.version })
    await apply(tx, saga, { type: 'CANCEL_ANNOUNCED' })
    return { order: await getOrder(tx, orderId), isSent: true }
  })
  if (isSent) orderCommandMetrics.accepted('DELETE_ORDER')
  return order
}
