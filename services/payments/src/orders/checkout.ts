import { setTimeout as sleep } from 'node:timers/promises'
import type { NewOrder, OrderId, RefundId, ReservationId, UserId } from '@boxoffice/contracts'
import { RefusedError, refuse, sqlOfPool, type Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { SagaContext } from '../saga/saga.ts'
import { insertSaga, type StoredSaga } from '../saga/saga-repository.ts'
import { driveWhileWaiting } from '../saga/wait.ts'
import { findOrderByKey, getOrder, insertOrder, markDeferred, type StoredOrder } from './order-repository.ts'

const POLL_MS = 100

/**
 * Place an order and wait for what becomes of it, at most `checkoutWaitMs`: the order with its first answer's state. A key
 * that is bound to an order already gives that order, and waits for it likewise. Throws a 422 for another body.
 */
export async function checkout(
  deps: Dependencies,
  request: { userId: UserId; body: NewOrder; key: string; bodyHash: string },
): Promise<StoredOrder> {
  const until = new Date(deps.now().getTime() + deps.config.checkoutWaitMs)
  const orderId = deps.newId() as OrderId
  const saga = await deps.messaging.transact((tx) => begin(tx, deps, orderId, request))
  if (!saga) return resumeOrder(deps, request, until)
  deps.sagaMetrics.placed()
  deps.crashAt('saga.created')

  await driveWhileWaiting(deps, saga, deps.config.checkoutWaitMs)
  return settled(deps, await getOrder(sqlOfPool(deps.pool), orderId))
}

/** Order and saga in one commit, the idempotency key a part of it; null where the key is bound already. */
async function begin(
  tx: Tx,
  deps: Dependencies,
  orderId: OrderId,
  { userId, body, key, bodyHash }: { userId: UserId; body: NewOrder; key: string; bodyHash: string },
): Promise<StoredSaga | null> {
  const adopted = 'reservationId' in body
  const reservationId = adopted ? body.reservationId : (deps.newId() as ReservationId)
  const { paymentMethod, paymentToken, holderName } = body
  const eventId = adopted ? null : body.eventId
  const order = { orderId, userId, eventId, reservationId, paymentMethod, holderName, idempotencyKey: key, bodyHash }
  if (!(await insertOrder(tx, order))) return null
  const context: SagaContext = {
    userId,
    reservationId,
    holderName,
    paymentToken,
    refundId: deps.newId() as RefundId,
    purchase: adopted
      ? { kind: 'reserved' }
      : { kind: 'direct', eventId: body.eventId, ticketRequests: body.ticketRequests, expectedTotal: body.expectedTotal },
  }
  return insertSaga(tx, { orderId, state: 'RESERVING', context })
}

async function resumeOrder(
  deps: Dependencies,
  { userId, key, bodyHash }: { userId: UserId; key: string; bodyHash: string },
  until: Date,
): Promise<StoredOrder> {
  const read = async () => {
    const order = await findOrderByKey(sqlOfPool(deps.pool), userId, key)
    if (!order) throw new Error('a key is bound to an order that is not there')
    return order
  }
  let order = await read()
  if (order.bodyHash !== bodyHash) {
    throw new RefusedError(refuse(422, 'IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another order'))
  }
  while (order.status === 'PENDING' && deps.now() < until) {
    await sleep(POLL_MS)
    order = await read()
  }
  return settled(deps, order)
}

/** Before 202 is answered it is remembered: from then on a repetition gets the current state. */
async function settled(deps: Dependencies, order: StoredOrder): Promise<StoredOrder> {
  if (order.status === 'PENDING' && !order.deferred) await markDeferred(sqlOfPool(deps.pool), order.orderId)
  return order
}
