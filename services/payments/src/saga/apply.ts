import { type Currency, compensationFailed, type EventId, type Minor } from '@boxoffice/contracts'
import { type Append, type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { sideBySide, type Tx } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import { findCancelledEvents, holdEventsAsTheyAre } from '../event-refunds/cancelled-event-repository.ts'
import { applyToOrders, type OrderChange } from '../orders/apply-to-orders.ts'
import type { StoredOrder } from '../orders/order-repository.ts'
import { applyToRefunds } from '../refunds/refund-repository.ts'
import { advance } from './advance.ts'
import { book, type Movement } from './ledger.ts'
import type { SagaMetrics } from './metrics.ts'
import { appendMessages } from './order-messages.ts'
import type { SagaInput, SagaState } from './saga.ts'
import { moveSagas } from './saga-moves-repository.ts'
import type { StoredSaga } from './saga-repository.ts'

export type Applied =
  /** `order`: as it stands then. */
  | { applied: true; saga: StoredSaga; order: StoredOrder }
  /**
   * `stale`: somebody else has moved the saga since it was read. `ignored`: the table has nothing for this
   * input here.
   */
  | { applied: false; why: 'stale' | 'ignored' }

/** What happened to a saga, and on whose behalf. */
export interface Move {
  readonly saga: StoredSaga
  readonly input: SagaInput
  readonly origin: MessageOrigin
}

/**
 * How long a state rests before its step is made: the tickets' word comes as a message, and is only asked for
 * when it does not.
 */
export const restMsOf = (
  state: SagaState,
  { ticketsPatienceMs }: Pick<Config, 'ticketsPatienceMs'>,
): number => (state === 'AWAITING_TICKETS' ? ticketsPatienceMs : 0)

/**
 * The one place where sagas move: state, journal, order, ledger and messages, in the caller's transaction. Of
 * each order one move, and however many there are, the statements are those of one.
 */
export function createApplier(
  appendAll: AppendAll,
  metrics: Pick<SagaMetrics, 'moved'>,
  config: Pick<Config, 'ticketsPatienceMs'>,
) {
  return async (tx: Tx, told: readonly Move[]): Promise<Applied[]> => {
    const moves = (await asOfNow(tx, told)).map((move) => ({
      ...move,
      transition: advance(move.saga, move.input),
    }))
    const begun = moves.flatMap(({ saga, input, transition: next }) =>
      next ? [{ saga, input, next, waitMs: restMsOf(next.state, config) }] : [],
    )
    const moved = await moveSagas(tx, begun)
    const changes = begun.flatMap(({ saga: { orderId }, next }) =>
      moved.has(orderId) ? [{ orderId, ...next }] : [],
    )
    // Sent one behind the other and answered in that order: none waits for the answer of another.
    const [orders] = await sideBySide([applyToOrders(tx, changes), bookMoney(tx, changes)])
    const applied = moves.map(({ saga: before, input, transition }): Applied => {
      if (!transition) return { applied: false, why: 'ignored' }
      const [saga, order] = [moved.get(before.orderId), orders.get(before.orderId)]
      if (!saga || !order) return { applied: false, why: 'stale' }
      metrics.moved(before.state, saga.state)
      const isEventSeen = input.type === 'RESERVED' && !input.eventCancelled
      return { applied: true, saga: isEventSeen ? { ...saga, isEventSeen } : saga, order }
    })
    const tellings = moves.flatMap(({ transition, origin }, index) => {
      const done = applied[index]
      return transition && done?.applied ? [{ order: done.order, ...transition, origin }] : []
    })
    await appendMessages(appendAll, tx, tellings)
    return applied
  }
}
export type ApplyAll = ReturnType<typeof createApplier>

/** One move by itself, on behalf of what is at work. */
export const oneByOne =
  (applyAll: ApplyAll) =>
  async (tx: Tx, saga: StoredSaga, input: SagaInput): Promise<Applied> => {
    const [applied] = await applyAll(tx, [{ saga, input, origin: currentOrigin() }])
    return applied as Applied
  }
export type Apply = ReturnType<typeof oneByOne>

/**
 * Whether an event is cancelled is looked at in the transaction that follows from it. What costs nothing is
 * paid as soon as it is held. The event of a reservation is only known from then on, so that the refunds of a
 * cancelled event may have been done with before; what costs something is asked about again when it is
 * charged.
 */
async function asOfNow(tx: Tx, moves: readonly Move[]): Promise<readonly Move[]> {
  const eventIds = new Set(moves.flatMap((move) => eventOf(move) ?? []))
  if (eventIds.size === 0) return moves
  const free = new Set(
    moves.flatMap(({ input }) => (input.type === 'RESERVED' && input.total === 0 ? [input.eventId] : [])),
  )
  if (free.size > 0) await holdEventsAsTheyAre(tx, [...free])
  const cancelled = await findCancelledEvents(tx, [...eventIds])
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

async function bookMoney(tx: Tx, changes: readonly OrderChange[]): Promise<void> {
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

/** Tell people that undoing a step does not succeed. It is tried on all the same. */
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
