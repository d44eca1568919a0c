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
  /** `order`: as it stands then. */
  { applied: true; saga: StoredSaga; order: StoredOrder } | { applied: false; why: NotApplied }

/**
 * `stale`: the saga has been moved since it was read. `ignored`: late, known already, or a request that the
 * state refuses. `unexpected`: the state does not name it at all.
 */
export type NotApplied = 'stale' | 'ignored' | 'unexpected'

/** What happened to a saga, and on whose behalf. */
export interface Move {
  readonly saga: StoredSaga
  readonly input: SagaInput
  readonly origin: MessageOrigin
}

/** How long a state rests before its call is made: what it asks for may come as a message. */
export function restMsOf(state: SagaState, config: Pick<Config, 'ticketsPatienceMs'>): number {
  const { rest } = declarationOf(state)
  return rest ? config[rest] : 0
}

/** What a commit writes and reads of other features' tables. */
export interface Records {
  /** What transitions change of their orders, whose sagas are locked: the orders as they are then. */
  applyToOrders(tx: Tx, changes: readonly OrderChange[]): Promise<Map<OrderId, StoredOrder>>
  applyToRefunds(tx: Tx, orderId: OrderId, currency: Currency, effects: RefundEffects): Promise<void>
  /** Those of the events that are cancelled. */
  findCancelledEvents(tx: Tx, eventIds: readonly EventId[]): Promise<Set<EventId>>
  /** Whether events are cancelled stays as it is until the transaction ends. */
  holdEventsAsTheyAre(tx: Tx, eventIds: readonly EventId[]): Promise<void>
}

/**
 * The one place where sagas move: state, journal, order, ledger and messages, in the caller's transaction.
 * Of each order one move, and however many there are, the statements are those of one.
 */
export function createApplier(deps: {
  appendAll: AppendAll
  metrics: Pick<SagaMetrics, 'moved'>
  config: Pick<Config, 'ticketsPatienceMs'>
  records: Records
}) {
  const { appendAll, metrics, config, records } = deps
  return async (tx: Tx, asked: readonly Move[]): Promise<Applied[]> => {
    const moves = (await asOfNow(records, tx, asked)).map((move) => ({ ...move, ...transitionOf(move) }))
    const begun = moves.flatMap(({ saga, input, next }) =>
      next ? [{ saga, input, next, waitMs: restMsOf(next.state, config) }] : [],
    )
    const moved = await moveSagas(tx, begun)
    const changes = begun.flatMap(({ saga: { orderId }, next: { context, effects } }) =>
      moved.has(orderId) ? [{ orderId, context, effects }] : [],
    )
    // Sent one behind the other and answered in that order: none waits for the answer of another.
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

/** One move by itself, on behalf of what is in progress. */
export const oneByOne =
  (applyAll: ApplyAll) =>
  async (tx: Tx, saga: StoredSaga, input: SagaInput): Promise<Applied> => {
    const [applied] = await applyAll(tx, [{ saga, input, origin: currentOrigin() }])
    return applied as Applied
  }
export type Apply = ReturnType<typeof oneByOne>

/**
 * Whether an event is cancelled is read in the transaction that follows from it. What costs nothing is paid
 * as soon as it is held. The event of a reservation is only known from then on, so that the refunds of a
 * cancelled event may have been done with before; what costs something is asked about again when it is
 * charged.
 */
async function asOfNow(records: Records, tx: Tx, moves: readonly Move[]): Promise<readonly Move[]> {
  const eventIds = new Set(moves.flatMap((move) => eventOf(move) ?? []))
  if (eventIds.size === 0) return moves
  const isFree = ({ input }: Move) => input.type === 'RESERVED' && input.total === 0
  const free = new Set(moves.filter(isFree).flatMap((move) => eventOf(move) ?? []))
  if (free.size > 0) await records.holdEventsAsTheyAre(tx, [...free])
  const cancelled = await records.findCancelledEvents(tx, [...eventIds])
  return moves.map((move) => {
    const { input } = move
    if (input.type !== 'RESERVED' && input.type !== 'CHARGED') return move
    const eventId = eventOf(move)
    return { ...move, input: { ...input, eventCancelled: eventId !== undefined && cancelled.has(eventId) } }
  })
}

/** The event by which it is decided what follows. */
const eventOf = ({ saga, input }: Move): EventId | undefined =>
  input.type === 'RESERVED' ? input.eventId : input.type === 'CHARGED' ? saga.context.eventId : undefined

async function bookMoney(
  { applyToRefunds }: Records,
  tx: Tx,
  changes: readonly OrderChange[],
): Promise<void> {
  const movements = changes.flatMap(({ orderId, context, effects: { charge, refund } }): Movement[] => {
    const about = { orderId, currency: context.currency as Currency }
    const refunds = (refund?.settled ?? []).flatMap(({ gatewayRefundId: reference, amount }) =>
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

/** Alerts operators that a step which must succeed does not. It is tried on all the same. */
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
