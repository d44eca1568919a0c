import {
  createOrderCommand,
  deleteOrderCommand,
  type OrderId,
  updateOrderCommand,
} from '@boxoffice/contracts'
import { on } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { isCancelWished, whyNotPending } from '../orders/change-order.ts'
import { getOrder } from '../orders/order-repository.ts'
import { appendNote } from '../saga/journal.ts'
import { isTerminal, nameOf, type SagaInput } from '../saga/saga.ts'
import { endPatience, findSagaForUpdate, leaseSaga, type StoredSaga } from '../saga/saga-repository.ts'
import type { CommandOutcome, OrderCommand } from './metrics.ts'
import type { QueuedOrders } from './queued-orders.ts'

/**
 * What buyers asked to be done later: translated into inputs of the saga. What begins is worked on beside
 * this, in a slot.
 */
export function orderCommandSubscribers(
  deps: Pick<Dependencies, 'apply' | 'orderCommandMetrics' | 'resumer' | 'config'> & {
    queuedOrders: Pick<QueuedOrders, 'claim' | 'work' | 'nudge'>
  },
) {
  const { apply, orderCommandMetrics, resumer, queuedOrders, config } = deps

  async function begin(tx: Tx, orderId: OrderId): Promise<CommandOutcome> {
    const saga = await getSaga(tx, orderId)
    // Begun by a delivery before this one, or without its command; or it will never begin.
    if (saga.state !== 'QUEUED') return 'repeated'
    const slot = queuedOrders.claim()
    if (!slot) {
      await endPatience(tx, orderId)
      tx.afterCommit(queuedOrders.nudge)
      return 'waiting'
    }
    tx.afterRollback(slot.giveBack)
    const leased = await leaseSaga(tx, orderId, config.leaseMs)
    const begun = leased && (await apply(tx, leased, { type: 'BEGIN' }))
    const goesOn = begun?.applied === true && !isTerminal(begun.saga.state)
    tx.afterCommit(goesOn ? () => queuedOrders.work(slot, begun.saga) : slot.giveBack)
    return begun?.applied ? 'done' : 'repeated' // whoever has the lease begins it
  }

  /** A wish that comes too late is no error: it stands in the journal, where the buyer reads why. */
  async function change(tx: Tx, orderId: OrderId, input: SagaInput): Promise<CommandOutcome> {
    const saga = await getSaga(tx, orderId)
    const order = await getOrder(tx, orderId)
    if (input.type === 'CANCEL_REQUESTED' && saga.state !== 'QUEUED' && isCancelWished(saga, order))
      return 'repeated'
    const { applied } = await apply(tx, saga, input)
    if (applied) {
      tx.afterCommit(resumer.nudge)
      return 'done'
    }
    const [result, why] =
      order.status === 'PENDING'
        ? ['SUPERSEDED', 'another name was given since']
        : ['REFUSED', whyNotPending(order.status)]
    await appendNote(tx, saga, { step: nameOf(saga.state, input), result, detail: { why } })
    return 'late'
  }

  const count = (tx: Tx, command: OrderCommand, outcome: CommandOutcome) =>
    tx.afterCommit(() => orderCommandMetrics.taken(command, outcome))
  return [
    on(createOrderCommand, async (tx: Tx, { eventType, payload: { orderId } }) =>
      count(tx, eventType, await begin(tx, orderId)),
    ),
    on(
      updateOrderCommand,
      async (tx: Tx, { eventType, payload: { orderId, holderName }, aggregateVersion }) =>
        count(
          tx,
          eventType,
          await change(tx, orderId, {
            type: 'HOLDER_NAMED',
            holderName,
            asOf: aggregateVersion,
            queued: true,
          }),
        ),
    ),
    on(deleteOrderCommand, async (tx: Tx, { eventType, payload: { orderId } }) =>
      count(tx, eventType, await change(tx, orderId, { type: 'CANCEL_REQUESTED' })),
    ),
  ]
}

async function getSaga(tx: Tx, orderId: OrderId): Promise<StoredSaga> {
  const saga = await findSagaForUpdate(tx, orderId)
  if (!saga) throw new Error(`there is no saga of order ${orderId}`)
  return saga
}
