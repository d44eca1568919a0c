import type { OrderId, UserId } from '@boxoffice/contracts'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import type { SagaInput } from '../saga/saga.ts'
import { findSagaForUpdate } from '../saga/saga-repository.ts'
import { findOrder, getOrder, type StoredOrder } from './order-repository.ts'

type Changing = Pick<Dependencies, 'messaging' | 'apply' | 'resumer'>

/** The name on the tickets, until the order is paid. Throws 404 and 409 ORDER_NOT_PENDING. */
export const nameHolder = (deps: Changing, orderId: OrderId, userId: UserId, holderName: string) =>
  tell(deps, orderId, userId, { type: 'HOLDER_NAMED', holderName })

/**
 * The buyer's wish to cancel: the order is CANCELLED at once where nothing was charged yet, else as soon as the gateway says that
 * nothing was; if it did charge, the order goes on. Wished for twice it is the same. Throws 404 and 409 ORDER_NOT_PENDING.
 */
export async function cancelOrder(deps: Changing, orderId: OrderId, userId: UserId): Promise<StoredOrder> {
  const order = await tell(deps, orderId, userId, { type: 'CANCEL_REQUESTED' })
  deps.resumer.nudge()
  return order
}

/** Tell an order's saga what its buyer wishes, while nothing is decided. */
function tell({ messaging, apply }: Changing, orderId: OrderId, userId: UserId, input: SagaInput): Promise<StoredOrder> {
  return messaging.transact(async (tx) => {
    const saga = await findSagaForUpdate(tx, orderId)
    const order = await findOrder(tx, orderId)
    if (!saga || order?.userId !== userId) throw new RefusedError(refuse(404, 'ORDER_NOT_FOUND', 'no such order'))
    const isWishedAlready = input.type === 'CANCEL_REQUESTED' && (saga.context.cancelRequested || saga.context.cancelled)
    if (isWishedAlready && (order.status === 'PENDING' || order.status === 'CANCELLED')) return order
    const { applied } = await apply(tx, saga, input)
    if (!applied) throw new RefusedError(refuse(409, 'ORDER_NOT_PENDING', `the order is ${order.status}`))
    return getOrder(tx, orderId)
  })
}
