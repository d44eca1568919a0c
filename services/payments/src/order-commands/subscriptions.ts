import {
  createOrderCommand,
  deleteOrderCommand,
  type OrderId,
  updateOrderCommand,
} from '@boxoffice/contracts'
import { on } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { isCancelRequested, whyNotPending } from '../orders/change-order.ts'
import { getOrder } from '../orders/order-repository.ts'
import type { Apply } from '../saga/apply.ts'
import type { SagaInput } from '../saga/input.ts'
import { nameOf } from '../saga/journal.ts'
import { appendNote } from '../saga/journal-repository.ts'
import { findSagaForUpdate, leaseSaga, makeDue, type StoredSaga } from '../saga/saga-repository.ts'
import { isTerminal } from '../saga/states.ts'
import type { CommandOutcome, OrderCommand, OrderCommandMetrics } from './metrics.ts'
import type { QueuedOrders } from './queued-orders.ts'

export interface OrderCommandDeps {
  apply: Apply
  orderCommandMetrics: Pick<OrderCommandMetrics, 'taken'>
  resumer: { nudge(): void }
  queuedOrders: Pick<QueuedOrders, 'claim' | 'work' | 'nudge'>
  config: Pick<Config, 'leaseMs'>
}

/**
 * Translates buyers' queued requests into inputs of the saga. An order that begins runs in a slot, in the
 * background.
 */
export function orderCommandSubscribers(deps: OrderCommandDeps) {
  const { apply, orderCommandMetrics, resumer, queuedOrders, config } = deps

  async function begin(tx: Tx, orderId: OrderId): Promise<CommandOutcome> {
    const saga = await getSaga(tx, orderId)
    // Begun by an earlier delivery or without its command; or it will never begin.
    if (saga.state !== 'QUEUED') return 'repeated'
    const slot = queuedOrders.claim()
    if (!slot) {
      await makeDue(tx, orderId)
      tx.afterCommit(queuedOrders.nudge)
      return 'waiting'
    }
    tx.afterRollback(slot.free)
    const leased = await leaseSaga(tx, orderId, config.leaseMs)
    const begun = leased && (await apply(tx, leased, { type: 'BEGIN' }))
    const goesOn = begun?.applied === true && !isTerminal(begun.saga.state)
    tx.afterCommit(goesOn ? () => queuedOrders.work(slot, begun.saga) : slot.free)
    return begun?.applied ? 'done' : 'repeated' // the worker with the lease begins it
  }

  /** A request that comes too late is not an error: the journal tells the buyer why. */
  async function change(tx: Tx, orderId: OrderId, input: SagaInput): Promise<CommandOutcome> {
    const saga = await getSaga(tx, orderId)
    const order = await getOrder(tx, orderId)
    if (input.type === 'CANCEL_REQUESTED' && saga.state !== 'QUEUED' && isCancelRequested(saga, order))
      return 'repeated'
    const { applied } = await apply(tx, saga, input)
    if (applied) {
      tx.afterCommit(resumer.nudge)
      return 'done'
    }
    const [result, why] =
      order.status === 'PENDING'
        ? ['SUPERSEDED', 'another name was given later']
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
      async (tx: Tx, { eventType, payload: { orderId, holderName }, aggregateVersion: asOf }) =>
        count(
          tx,
          eventType,
          await change(tx, orderId, { type: 'HOLDER_NAMED', holderName, asOf, queued: true }),
        ),
    ),
    on(deleteOrderCommand, async (tx: Tx, { eventType, payload: { orderId } }) =>
      count(tx, eventType, await change(tx, orderId, { type: 'CANCEL_REQUESTED' })),
    ),
  ]
}

async function getSaga(tx: Tx, orderId: OrderId): Promise<StoredSaga> {
  const saga = await findSagaForUpdate(tx, orderId)
  if (!saga) throw new Error(`order ${orderId} has no saga`)
  return saga
}
