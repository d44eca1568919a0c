import type { CrashAt, Logger, Sql } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Drive } from '../saga/drive.ts'
import type { SagaMetrics } from '../saga/metrics.ts'
import { driveWhileWaiting, waitsUntil } from '../saga/wait.ts'
import { getOrder, type StoredOrder } from './order-repository.ts'
import { type WatchOrder, waitWhile } from './order-watch.ts'
import { draftOf, getBoundOrder, type OrderRequest, recordDeferral } from './place-order.ts'
import type { PlaceOrder } from './place-together.ts'

export interface CheckoutDeps {
  db: Sql
  placeOrder: PlaceOrder
  drive: Drive
  watchOrder: WatchOrder
  sagaMetrics: Pick<SagaMetrics, 'placed'>
  crashAt: CrashAt
  logger: Logger
  now: () => Date
  newId: () => string
  config: Pick<Config, 'checkoutWaitMs'>
}

/**
 * Places an order and waits for its outcome, until `until` at most; returns the order in the state of its
 * first answer. If the key is bound already, waits for that order instead. Throws a 422 for another body.
 */
export async function checkout(
  deps: CheckoutDeps,
  request: OrderRequest,
  until = waitsUntil(deps),
): Promise<StoredOrder> {
  const saga = await deps.placeOrder(draftOf(deps, request, false))
  if (!saga) {
    const bound = await getBoundOrder(deps, request)
    return recordDeferral(deps, await waitWhile(deps, bound, ['PENDING'], until))
  }
  deps.sagaMetrics.placed()
  deps.crashAt('saga.created')

  const decided = await driveWhileWaiting(deps, saga, until)
  return decided && decided.status !== 'PENDING'
    ? decided
    : recordDeferral(deps, await getOrder(deps.db, saga.orderId))
}
