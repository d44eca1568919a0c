import {
  type Currency,
  compensationFailed,
  type EventId,
  type Minor,
  type OrderId,
  type SagaState,
} from '@boxoffice/contracts'
import { type Append, type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { sideBySide, type Tx } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { advance, UnexpectedInput } from './advance.ts'
import type { SagaInput } from './input.ts'
import { book, type Movement } from './ledger-repository.ts'
import type { SagaMetrics } from './metrics.ts'
import type { OrderChange, StoredOrder } from './order.ts'
import { appendMessages } from './order-messages.ts'
import { moveSagas } from './saga-moves-repository.ts'
import type { StoredSaga } from './saga-repository.ts'
import { declarationOf } from './states.ts'
import type { RefundEffects, Transition } from './transition.ts'

export type Applied =
  /** `order`: after the move. */
  { applied: true; saga: StoredSaga; order: StoredOrder } | { applied: false; why: NotApplied }

/**
 * `stale`: the saga was moved since it was read. `ignored`: late, already known, or a request that the state
 * refuses. `unexpected`: the state does not name it.
 */
export type NotApplied = 'stale' | 'ignored' | 'unexpected'

/** An input for a saga, and on whose behalf. */
export interface Move {
  readonly saga: StoredSaga
  readonly input: SagaInput
  readonly origin: MessageOrigin
}

/** Returns how long a state waits before its call: a message may make the call needless. */
export function callDelayMsOf(state: SagaState, config: Pick<Config, 'ticketsPatienceMs'>): number {
  const { delay } = declarationOf(state)
  return delay ? config[delay] : 0
}

/** What a commit writes to and reads from other features' tables. */
export interface Records {
  /** Applies transitions to their orders, whose sagas are locked; returns the changed orders. */
  applyToOrders(tx: Tx, changes: readonly OrderChange[]): Promise<Map<OrderId, StoredOrder>>
  applyToRefunds(tx: Tx, orderId: OrderId, currency: Currency, effects: RefundEffects): Promise<void>
  /** Returns which of the events are cancelled. */
  findCancelledEvents(tx: Tx, eventIds: readonly EventId[]): Promise<Set<EventId>>
  /** Locks whether events are cancelled until the transaction ends. */
  lockEventStates(tx: Tx, eventIds: readonly EventId[]): Promise<void>
}

/**
 * Creates the function that moves sagas: it writes state, journal, order, ledger and messages in the caller's
 * transaction. It takes one move per order; any number of moves takes the statements of one.
 */
export function createApplier(deps: {
  appendAll: AppendAll
  metrics: Pick<SagaMetrics, 'moved'>
  config: Pick<Config, 'ticketsPatienceMs'>
  records: Records
}) {
  const { appendAll, metrics, config, records } = deps
  return async (tx: Tx, request: readonly Move[]): Promise<Applied[]> => {
    const moves = (await asOfNow(records, tx, request)).map((move) => ({ ...move, ...transitionOf(move) }))
    const begun = moves.flatMap(({ saga, input, next }) =>
      next ? [{ saga, input, next, waitMs: callDelayMsOf(next.state, config) }] : [],
    )
    const moved = await moveSagas(tx, begun)
    const changes = begun.flatMap(({ saga: { orderId }, next: { context, effects } }) =>
      moved.has(orderId) ? [{ orderId, context, effects }] : [],
    )
    // Pipelined: none waits for the answer of another.
    const [orders] = await sideBySide([records.applyToOrders(tx, changes), bookMoney(records, tx, changes)])
    const applied = moves.map(({ saga: before, input, next, why }): Applied => {
      if (!next) return { applied: false, why }
      const [saga, order] = [moved.get(before.orderId), orders.get(before.orderId)]
      if (!saga || !order) return { applied: false, why: 'stale' }
      metrics.moved(before.state, saga.state)
      const isEventSeen = input.type === 'RESERVED' && !input.eventCancelled
      return { applied: true, saga: isEventSeen ? { ...saga, isEventSeen } : saga, order }
    })
    const published = moves.flatMap(({ next, origin }, index) => {
      const done = applied[index]
      return next && done?.applied ? [{ ...next, order: done.order, origin }] : []
    })
    await appendMessages(appendAll, tx, published)
    return applied
  }
}
export type ApplyAll = ReturnType<typeof createApplier>

function transitionOf({ saga, input }: Move): { next: Transition | null; why: NotApplied } {
  try {
    return { next: advance(saga, input), why: 'ignored' }
  } catch (error) {
    if (!(error instanceof UnexpectedInput)) throw error
    return { next: null, why: 'unexpected' }
  }
}

/** Applies one move by itself, on behalf of the current request or message. */
export const oneByOne =
  (applyAll: ApplyAll) =>
  async (tx: Tx, saga: StoredSaga, input: SagaInput): Promise<Applied> => {
    const [applied] = await applyAll(tx, [{ saga, input, origin: currentOrigin() }])
    return applied as Applied
  }
export type Apply = ReturnType<typeof oneByOne>

/**
 * Adds to inputs whether their event is cancelled, read in the transaction that acts on it. Free tickets are
 * paid as soon as they are held. The event of a reservation becomes known only then, so the refunds of a
 * cancelled event may have finished before; priced tickets are checked again before the charge.
 */
async function asOfNow(records: Records, tx: Tx, moves: readonly Move[]): Promise<readonly Move[]> {
  const eventIds = new Set(moves.flatMap((move) => eventOf(move) ?? []))
  if (eventIds.size === 0) return moves
  const isFree = ({ input }: Move) => input.type === 'RESERVED' && input.total === 0
  const free = new Set(moves.filter(isFree).flatMap((move) => eventOf(move) ?? []))
  if (free.size > 0) await records.lockEventStates(tx, [...free])
  const cancelled = await records.findCancelledEvents(tx, [...eventIds])
  return moves.map((move) => {
    const { input } = move
    if (input.type !== 'RESERVED' && input.type !== 'CHARGED') return move
    const eventId = eventOf(move)
    return { ...move, input: { ...input, eventCancelled: eventId !== undefined && cancelled.has(eventId) } }
  })
}

/** Returns the event whose cancellation decides the move. */
const eventOf = ({ saga, input }: Move): EventId | undefined =>
  input.type === 'RESERVED' ? input.eventId : input.type === 'CHARGED' ? saga.context.eventId : undefined

async function bookMoney(
  { applyToRefunds }: Records,
  tx: Tx,
  changes: readonly OrderChange[],
): Promise<void> {
  const movements = changes.flatMap(({ orderId, context, effects: { charge, refund } }): Movement[] => {
    const about = { orderId, currency: context.currency as Currency }
    const refunds = (refund?.completed ?? []).flatMap(({ gatewayRefundId: reference, amount }) =>
      reference ? [{ ...about, reference, kind: 'REFUND' as const, amount }] : [],
    )
    const charged = charge && {
      ...about,
      reference: charge.transactionId,
      kind: 'CHARGE' as const,
      amount: context.total as Minor,
    }
    return charged ? [charged, ...refunds] : refunds
  })
  await book(tx, movements)
  for (const { orderId, context, effects } of changes) {
    if (effects.refund) await applyToRefunds(tx, orderId, context.currency as Currency, effects.refund)
  }
}

/** Alerts operators that a step that must succeed keeps failing; it is retried nevertheless. */
export const publishCompensationFailed = (
  append: Append,
  tx: Tx,
  saga: StoredSaga,
  step: string,
  reason: string,
) =>
  append(
    tx,
    compensationFailed,
    {
      orderId: saga.orderId,
      reservationId: saga.context.reservationId,
      step,
      reason,
      attempts: saga.attempts,
    },
    { aggregateVersion: saga.version },
  )
