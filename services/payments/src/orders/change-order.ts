import { ORDER_NOT_FOUND, ORDER_NOT_PENDING, type OrderId, type UserId } from '@boxoffice/contracts'
import { type Database, RefusedError, refuse, refuseUnknown, type Tx } from '@boxoffice/service-kit'
import type { Apply } from '../saga/apply.ts'
import type { SagaInput } from '../saga/input.ts'
import { findSagaForUpdate, type StoredSaga } from '../saga/saga-repository.ts'
import { findOrder, getOrder, type StoredOrder } from './order-repository.ts'

export interface ChangeDeps {
  db: Database
  apply: Apply
  resumer: { nudge(): void }
}

/** Changes the name on the tickets until the order is paid. Throws 404 and 409 ORDER_NOT_PENDING. */
export const nameHolder = (deps: ChangeDeps, orderId: OrderId, userId: UserId, holderName: string) =>
  request(deps, orderId, userId, ({ version }) => ({ type: 'HOLDER_NAMED', holderName, asOf: version }))

/**
 * Cancels an order for its buyer: at once if nothing was charged yet, else as soon as the gateway says that
 * nothing was. If it did charge, the order continues. Repetition is safe. Throws 404 and 409
 * ORDER_NOT_PENDING.
 */
export async function cancelOrder(deps: ChangeDeps, orderId: OrderId, userId: UserId): Promise<StoredOrder> {
  const order = await request(deps, orderId, userId, () => ({ type: 'CANCEL_REQUESTED' }))
  deps.resumer.nudge()
  return order
}

/** Applies a buyer's request to the order's saga while the order is pending. */
function request(
  { db, apply }: ChangeDeps,
  orderId: OrderId,
  userId: UserId,
  inputOf: (order: StoredOrder) => SagaInput,
): Promise<StoredOrder> {
  return db.transact(async (tx) => {
    const { saga, order } = await getForChange(tx, orderId, userId)
    const input = inputOf(order)
    // A queued order can be cancelled before it begins.
    if (input.type === 'CANCEL_REQUESTED' && saga.state !== 'QUEUED' && isCancelRequested(saga, order))
      return order
    const { applied } = await apply(tx, saga, input)
    if (!applied) throw notPending(order)
    return getOrder(tx, orderId)
  })
}

/** Returns a buyer's order to change, and its saga, locked. Throws a 404 if it is not theirs. */
export async function getForChange(
  tx: Tx,
  orderId: OrderId,
  userId: UserId,
): Promise<{ saga: StoredSaga; order: StoredOrder }> {
  const saga = await findSagaForUpdate(tx, orderId)
  const order = await findOrder(tx, orderId)
  if (!saga || order?.userId !== userId) throw new RefusedError(refuseUnknown(ORDER_NOT_FOUND, orderId))
  return { saga, order }
}

export const notPending = ({ status }: StoredOrder) =>
  new RefusedError(refuse(ORDER_NOT_PENDING, { message: whyNotPending(status) }))
export const whyNotPending = (status: string) => `the order is ${status}`

/** Whether a cancellation was requested already and has succeeded or still may. */
export const isCancelRequested = ({ context }: StoredSaga, { status }: StoredOrder): boolean =>
  Boolean(context.cancelRequested || context.cancelled) && (status === 'PENDING' || status === 'CANCELLED')
