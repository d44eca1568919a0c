import { createOrderCommand, deleteOrderCommand, type OrderId, updateOrderCommand } from '@boxoffice/contracts'
import { on } from '@boxoffice/messaging'
import type { Transact, Tx } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { isCancelWished, whyNotPending } from '../orders/change-order.ts'
import { getOrder } from '../orders/order-repository.ts'
import { appendNote } from '../saga/journal.ts'
import { isTerminal, nameOf, type SagaInput } from '../saga/saga.ts'
import { findSagaForUpdate, leaseSaga, type StoredSaga } from '../saga/saga-repository.ts'
import type { CommandOutcome } from './metrics.ts'

/** A transaction, and what follows from it once it is committed. */
export interface CommandTx extends Tx {
  afterCommit(effect: () => void): void
}

/** Transactions whose effects come after the commit; after a roll-back there are none. */
export const withEffects =
  (transact: Transact) =>
  async <R>(work: (tx: CommandTx) => Promise<R>): Promise<R> => {
    const effects: (() => void)[] = []
    const result = await transact((tx) => work({ query: tx.query, afterCommit: (effect) => void effects.push(effect) }))
    for (const effect of effects) effect()
    return result
  }

/** What buyers asked to be done later: translated into inputs of the saga. `driveOn` works a saga on that was begun, beside this. */
export function orderCommandSubscribers(
  deps: Pick<Dependencies, 'apply' | 'orderCommandMetrics' | 'resumer'>,
  driveOn: (saga: StoredSaga) => void,
) {
  const { apply, orderCommandMetrics, resumer } = deps

  async function begin(tx: CommandTx, orderId: OrderId): Promise<CommandOutcome> {
    const saga = await getSaga(tx, orderId)
    // Begun by a delivery before this one, or without its command; or it will never begin.
    if (saga.state !== 'QUEUED') return 'repeated'
    const leased = await leaseSaga(tx, orderId)
    const begun = leased && (await apply(tx, leased, { type: 'BEGIN' }))
    if (!begun?.applied) return 'repeated' // whoever has the lease begins it
    if (!isTerminal(begun.saga.state)) tx.afterCommit(() => driveOn(begun.saga))
    return 'done'
  }

  /** A wish that comes too late is no error: it stands in the journal, where the buyer reads why. */
  async function change(tx: CommandTx, orderId: OrderId, input: SagaInput): Promise<CommandOutcome> {
    const saga = await getSaga(tx, orderId)
    const order = await getOrder(tx, orderId)
    if (input.type === 'CANCEL_REQUESTED' && saga.state !== 'QUEUED' && isCancelWished(saga, order)) return 'repeated'
    const { applied } = await apply(tx, saga, input)
    if (applied) {
      tx.afterCommit(resumer.nudge)
      return 'done'
    }
    const detail = { why: whyNotPending(order.status) }
    await appendNote(tx, saga, { step: nameOf(saga.state, input), result: 'REFUSED', detail })
    return 'late'
  }

  return [
    on(createOrderCommand, async (tx: CommandTx, { eventType, payload: { orderId } }) =>
      orderCommandMetrics.taken(eventType, await begin(tx, orderId)),
    ),
    on(updateOrderCommand, async (tx: CommandTx, { eventType, payload: { orderId, holderName } }) =>
      orderCommandMetrics.taken(eventType, await change(tx, orderId, { type: 'HOLDER_NAMED', holderName })),
    ),
    on(deleteOrderCommand, async (tx: CommandTx, { eventType, payload: { orderId } }) =>
      orderCommandMetrics.taken(eventType, await change(tx, orderId, { type: 'CANCEL_REQUESTED' })),
    ),
  ]
}

async function getSaga(tx: Tx, orderId: OrderId): Promise<StoredSaga> {
  const saga = await findSagaForUpdate(tx, orderId)
  if (!saga) throw new Error(`there is no saga of order ${orderId}`)
  return saga
}
