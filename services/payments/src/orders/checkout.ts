import { setTimeout as sleep } from 'node:timers/promises'
import type { Dependencies } from '../dependencies.ts'
import { driveWhileWaiting, waitsUntil } from '../saga/wait.ts'
import { getOrder, type StoredOrder } from './order-repository.ts'
import { draftOf, getBoundOrder, type OrderRequest, settled } from './place-order.ts'

const POLL_MS = 100

/**
 * Place an order and wait for what becomes of it, until `until` at most: the order with its first answer's
 * state. A key that is bound to an order already gives that order, and waits for it likewise. Throws a 422
 * for another body.
 */
export async function checkout(
  deps: Dependencies,
  request: OrderRequest,
  until = waitsUntil(deps),
): Promise<StoredOrder> {
  const saga = await deps.placeOrder(draftOf(deps, request, false))
  if (!saga) return waitForOrder(deps, request, until)
  deps.sagaMetrics.placed()
  deps.crashAt('saga.created')

  const decided = await driveWhileWaiting(deps, saga, until)
  return decided && decided.status !== 'PENDING'
    ? decided
    : settled(deps, await getOrder(deps.db, saga.orderId))
}

/** The order that a key is bound to, when it is decided or `until` has passed. */
async function waitForOrder(deps: Dependencies, request: OrderRequest, until: Date): Promise<StoredOrder> {
  let order = await getBoundOrder(deps, request)
  while (order.status === 'PENDING' && deps.now() < until) {
    await sleep(POLL_MS)
    order = await getBoundOrder(deps, request)
  }
  return settled(deps, order)
}
