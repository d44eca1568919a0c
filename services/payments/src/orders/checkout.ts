import { setTimeout as sleep } from 'node:timers/promises'
import type { CrashAt, Logger, Sql } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Drive } from '../saga/drive.ts'
import type { SagaMetrics } from '../saga/metrics.ts'
import { driveWhileWaiting, waitsUntil } from '../saga/wait.ts'
import { getOrder, type StoredOrder } from './order-repository.ts'
import { draftOf, getBoundOrder, type OrderRequest, recordDeferral } from './place-order.ts'
import type { PlaceOrder } from './place-together.ts'

export interface CheckoutDeps {
  db: Sql
  placeOrder: PlaceOrder
  drive: Drive
  sagaMetrics: Pick<SagaMetrics, 'placed'>
  crashAt: CrashAt
  logger: Logger
  now: () => Date
  newId: () => string
  config: Pick<Config, 'checkoutWaitMs'>
}

const POLL_MS = 100

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
  if (!saga) return waitForOrder(deps, request, until)
  deps.sagaMetrics.placed()
  deps.crashAt('saga.created')

  const decided = await driveWhileWaiting(deps, saga, until)
  return decided && decided.status !== 'PENDING'
    ? decided
    : recordDeferral(deps, await getOrder(deps.db, saga.orderId))
}

/** Waits until the order that a key is bound to is decided, or `until` has passed. */
async function waitForOrder(
  deps: Pick<CheckoutDeps, 'db' | 'now'>,
  request: OrderRequest,
  until: Date,
): Promise<StoredOrder> {
  let order = await getBoundOrder(deps, request)
  while (order.status === 'PENDING' && deps.now() < until) {
    await sleep(POLL_MS)
    order = await getBoundOrder(deps, request)
  }
  return recordDeferral(deps, order)
}
