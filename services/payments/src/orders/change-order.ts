import type { OrderId, UserId } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown, type Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { SagaInput } from '../saga/saga.ts'
import { findSagaForUpdate, type StoredSaga } from '../saga/saga-repository.ts'
import { findOrder, getOrder, type StoredOrder } from './order-repository.ts'

type Changing = Pick<Dependencies, 'db' | 'apply' | 'resumer'>

/** The name on the tickets, until the order is paid. Throws 404 and 409 ORDER_NOT_PENDING. */
export const nameHolder = (deps: Changing, orderId: OrderId, userId: UserId, holderName: string) =>
  tell(deps, orderId, userId, ({ version }) => ({ type: 'HOLDER_NAMED', holderName, asOf: version }))

/**
 * The buyer's wish to cancel: the order is CANCELLED at once where nothing was charged yet, else as soon as
 * the gateway says that nothing was; if it did charge, the order goes on. Wished for twice it is the same.
 * Throws 404 and 409 ORDER_NOT_PENDING.
 */
export async function cancelOrder(deps: Changing, orderId: OrderId, userId: UserId): Promise<StoredOrder> {
  const order = await tell(deps, orderId, userId, () => ({ type: 'CANCEL_REQUESTED' }))
  deps.resumer.nudge()
  return order
}

/** Tell an order's saga what its buyer wishes, while nothing is decided. */
function tell(
  { db, apply }: Changing,
  orderId: OrderId,
  userId: UserId,
  inputOf: (order: StoredOrder) => SagaInput,
): Promise<StoredOrder> {
  return db.transact(async (tx) => {
    const { saga, order } = await getForChange(tx, orderId, userId)
    const input = inputOf(order)
    // What waits in the queue need not wait for its turn to be cancelled.
    if (input.type === 'CANCEL_REQUESTED' && saga.state !== 'QUEUED' && isCancelWished(saga, order))
      return order
    const { applied } = await apply(tx, saga, input)
    if (!applied) throw notPending(order)
    return getOrder(tx, orderId)
  })
}

/** An order that its buyer wants to change, and its saga, locked. Throws a 404 where it is not theirs. */
export async function getForChange(
  tx: Tx,
  orderId: OrderId,
  userId: UserId,
): Promise<{ saga: StoredSaga; order: StoredOrder }> {
  const saga = await findSagaForUpdate(tx, orderId)
  const order = await findOrder(tx, orderId)
  if (!saga || order?.userId !== userId) throw new RefusedError(refuseUnknown('ORDER', orderId))
  return { saga, order }
}

export const notPending = ({ status }: StoredOrder) =>
  new RefusedError(refuse(409, 'ORDER_NOT_PENDING', whyNotPending(status)))
export const whyNotPending = (status: string) => `the order is ${status}`

/** Whether the wish to cancel is known, and it came true or may still do so. */
export const isCancelWished = ({ context }: StoredSaga, { status }: StoredOrder): boolean =>
  Boolean(context.cancelRequested || context.cancelled) && (status === 'PENDING' || status === 'CANCELLED')
