import { type Minor, sum, times } from '@boxoffice/contracts'
import { eventCancelled, gatewayFailed, priceChanged, timedOut, tokenMissing } from './failures.ts'
import * as back from './giving-back.ts'
import type { Failure, IssuedTicket, Item, Saga, SagaContext, SagaInput, SagaState } from './saga.ts'
import { type Effects, go, type Row, type Rule, type Transition } from './transition.ts'

/** Tickets go back, and the order has failed from now on: the buyer need not wait for the release. */
function fail(context: SagaContext, failure: Failure, messages: Effects['messages']): Transition {
  const { paymentToken: _, ...rest } = context
  return go(
    'RELEASING',
    { ...rest, failure },
    { order: { status: 'FAILED', paymentStatus: 'FAILED', failure }, messages },
  )
}

/** The buyer wishes it: tickets go back, where any may be held. */
function cancelled(context: SagaContext, state: 'RELEASING' | 'CANCELLED' = 'RELEASING'): Transition {
  const { paymentToken: _, ...rest } = context
  const isToldOf = context.eventId !== undefined || context.purchase.kind === 'direct'
  return go(
    state,
    { ...rest, cancelled: true },
    {
      order: { status: 'CANCELLED', paymentStatus: 'FAILED' },
      // Of a reservation that was not looked up yet nobody knows the event.
      messages: isToldOf ? ['ORDER_CANCELLED'] : [],
    },
  )
}

function paid(context: SagaContext, transactionId: string | undefined, effects: Effects): Transition {
  const { paymentToken: _, ...rest } = context
  return go(
    'AWAITING_TICKETS',
    { ...rest, transactionId },
    {
      ...effects,
      order: { status: 'PAID', paymentStatus: 'COMPLETED', completed: true },
      messages: ['PAYMENT_COMPLETED'],
    },
  )
}

const charged: Rule<'CHARGED'> = (context, { transactionId, eventCancelled: isCancelled }) => {
  if (!isCancelled) return paid(context, transactionId, { charge: { transactionId } })
  const { paymentToken: _, ...rest } = context
  return go(
    'CANCELLING_TICKETS',
    { ...rest, transactionId, refundReason: 'EVENT_CANCELLED' },
    {
      charge: { transactionId },
      order: { status: 'PAID', paymentStatus: 'COMPLETED', completed: true },
    },
  )
}
const declined: Rule<'DECLINED'> = (context, { failure }) => fail(context, failure, ['PAYMENT_FAILED'])

/** Not charged, for certain: what the buyer wished for comes true, or else the order fails. */
const notCharged = (context: SagaContext, failure: Failure) =>
  context.cancelRequested ? cancelled(context) : fail(context, failure, ['PAYMENT_FAILED'])

/** An order that waits in the queue holds nothing. */
const neverBegun = (context: SagaContext) => cancelled(context, 'CANCELLED')

/** A charge is or was under way: only the gateway can say whether the wish comes in time. */
const cancelCharge: Rule<'CANCEL_REQUESTED'> = (context) =>
  go('CANCELLING_CHARGE', { ...context, cancelRequested: true }, { order: { paymentStatus: 'UNKNOWN' } })

/**
 * PAYMENT_COMPLETED carries the name as it stands when the order is paid. One that waited gives way to one
 * that was given since.
 */
const holderNamed =
  (state: SagaState): Rule<'HOLDER_NAMED'> =>
  (context, { holderName, asOf, queued }) => {
    if (queued && asOf <= (context.namedAsOf ?? 0)) return null
    return go(
      state,
      { ...context, holderName, ...(!queued && { namedAsOf: asOf }) },
      { order: { holderName } },
    )
  }

const rejected: Rule<'TICKETS_REJECTED'> = (context, { reason }) => back.giveBack(context, reason)

/** Confirmed with the last part of its tickets, whichever that is; null for one that is here already. */
const issued: Rule<'TICKETS_ISSUED'> = (
  { issuedParts = {}, ...context },
  { tickets: arrived, part = 1, parts = 1 },
) => {
  if (parts > 1 && issuedParts[part]) return null
  const known: Record<number, IssuedTicket[]> =
    parts > 1 ? { ...issuedParts, [part]: arrived } : { 1: arrived }
  if (Object.keys(known).length < parts) return go('AWAITING_TICKETS', { ...context, issuedParts: known })
  const tickets = Array.from({ length: parts }, (_, index) => known[index + 1] ?? []).flat()
  return go(
    'CONFIRMED',
    { ...context, issued: tickets },
    { tickets, order: { status: 'CONFIRMED' }, messages: ['ORDER_CONFIRMED'] },
  )
}

const cancelTickets = (context: SagaContext, refundReason: string) =>
  go('CANCELLING_TICKETS', { ...context, refundReason })

/**
 * The purchase on one screen: what follows in each state from what happened. What a row does not name changes
 * nothing there.
 */
const table: Record<SagaState, Row> = {
  QUEUED: {
    BEGIN: (context) => (context.cancelRequested ? neverBegun(context) : go('RESERVING', context)),
    // What is in the queue is done in its turn; a cancellation that is known by then must not be too late.
    CANCEL_ANNOUNCED: (context) =>
      context.cancelRequested ? null : go('QUEUED', { ...context, cancelRequested: true }),
    CANCEL_REQUESTED: neverBegun,
    HOLDER_NAMED: holderNamed('QUEUED'),
  },
  RESERVING: {
    RESERVED: (
      { untold, ...context },
      { at, eventId, items, total, currency, eventCancelled: isCancelled, tokenMissing: isUnpayable },
    ) => {
      const held = { ...context, eventId, items, total, currency, chargeStartedAt: at }
      const { purchase } = context
      const transition = isCancelled
        ? fail(held, eventCancelled, ['ORDER_FAILED'])
        : purchase.kind === 'direct' &&
            purchase.expectedTotal !== undefined &&
            purchase.expectedTotal !== total
          ? fail(held, priceChanged, ['ORDER_FAILED'])
          : isUnpayable
            ? fail(held, tokenMissing, ['ORDER_FAILED'])
            : total === 0
              ? paid(held, undefined, {})
              : go('CHARGING', held)
      const messages = [
        ...(untold ? (['ORDER_CREATED'] as const) : []),
        ...(transition.effects.messages ?? []),
      ]
      return { ...transition, effects: { ...transition.effects, items, messages } }
    },
    // Nothing is held, so there is nothing to undo.
    REFUSED: ({ paymentToken: _, ...context }, { failure }) =>
      go(
        'FAILED',
        { ...context, failure },
        { order: { status: 'FAILED', paymentStatus: 'FAILED', failure }, messages: ['ORDER_FAILED'] },
      ),
    LIMIT_PASSED: (context) => fail(context, { ...timedOut, reason: 'SYSTEM_ERROR' }, ['ORDER_FAILED']),
    CANCEL_REQUESTED: (context) => cancelled(context),
    HOLDER_NAMED: holderNamed('RESERVING'),
  },
  CHARGING: {
    CHARGED: charged,
    DECLINED: declined,
    EVENT_CANCELLED: (context) => fail(context, eventCancelled, ['ORDER_FAILED']),
    CHARGE_UNKNOWN: (context) => go('RESOLVING', context, { order: { paymentStatus: 'UNKNOWN' } }),
    LIMIT_PASSED: (context) => go('CANCELLING_CHARGE', context, { order: { paymentStatus: 'UNKNOWN' } }),
    CANCEL_REQUESTED: cancelCharge,
    HOLDER_NAMED: holderNamed('CHARGING'),
  },
  RESOLVING: {
    CHARGED: charged,
    DECLINED: declined,
    NOT_CHARGED: (context) => fail(context, gatewayFailed, ['PAYMENT_FAILED']),
    LIMIT_PASSED: (context) => go('CANCELLING_CHARGE', context),
    CANCEL_REQUESTED: cancelCharge,
    HOLDER_NAMED: holderNamed('RESOLVING'),
  },
  CANCELLING_CHARGE: {
    CHARGED: charged,
    DECLINED: (context, { failure }) => notCharged(context, failure),
    NOT_CHARGED: (context) => notCharged(context, timedOut),
    GATEWAY_UNREACHABLE: (context) => notCharged({ ...context, refundIfCharged: true }, timedOut),
    CANCEL_REQUESTED: (context) =>
      context.cancelRequested ? null : go('CANCELLING_CHARGE', { ...context, cancelRequested: true }),
    HOLDER_NAMED: holderNamed('CANCELLING_CHARGE'),
  },
  RELEASING: {
    RELEASED: (context) =>
      go(context.refundIfCharged ? 'REFUND_IF_CHARGED' : (back.endOf(context) ?? 'FAILED'), context),
    // The gateway's word came late: the tickets go back first, then the money.
    CHARGED: (context) => go('RELEASING', { ...context, refundIfCharged: true }),
  },
  REFUND_IF_CHARGED: {
    CHARGED: back.lateMoney,
    NOT_CHARGED: (context) => go(back.endOf(context) ?? 'FAILED', context),
    DECLINED: (context) => go(back.endOf(context) ?? 'FAILED', context),
  },
  AWAITING_TICKETS: {
    TICKETS_ISSUED: issued,
    TICKETS_REJECTED: rejected,
    EVENT_CANCELLED: (context) => cancelTickets(context, 'EVENT_CANCELLED'),
    ISSUE_GIVEN_UP: (context) => cancelTickets(context, 'TICKETS_NOT_ISSUED'),
    REFUND_REQUESTED: back.refundRequested,
    REFUNDED_ELSEWHERE: back.elsewhereWhenAwaiting,
  },
  CANCELLING_TICKETS: {
    TICKETS_CANCELLED: (context) => back.giveBack(context, context.refundReason ?? 'EVENT_CANCELLED'),
    REFUNDED_ELSEWHERE: back.elsewhereWhenCancelling,
  },
  REFUNDING: { REFUND_DONE: back.refundingDone, REFUNDED_ELSEWHERE: back.elsewhereWhenRefunding },
  CONFIRMED: { REFUND_REQUESTED: back.refundRequested, REFUNDED_ELSEWHERE: back.elsewhereWhenConfirmed },
  WITHDRAWING_TICKETS: {
    TICKETS_WITHDRAWN: back.ticketsWithdrawn,
    WITHDRAWAL_REFUSED: back.withdrawalRefused,
    REFUNDED_ELSEWHERE: back.elsewhereWhenWithdrawing,
  },
  REPAYING: { REFUND_DONE: back.repaid, REFUNDED_ELSEWHERE: back.elsewhereWhenRepaying },
  // Known already, unless the order ended without a charge that we knew of.
  FAILED: { CHARGED: (context, input) => (context.transactionId ? null : back.lateMoney(context, input)) },
  CANCELLED: { CHARGED: (context, input) => (context.transactionId ? null : back.lateMoney(context, input)) },
  REFUNDED: {},
}

/** The next state and what comes with it; null where the input changes nothing (late, or known already). */
export function advance(saga: Pick<Saga, 'state' | 'context'>, input: SagaInput): Transition | null {
  const rule = table[saga.state][input.type] as
    | ((context: SagaContext, input: SagaInput) => Transition | null)
    | undefined
  return rule ? rule(saga.context, input) : null
}

/** Where a saga begins: at once, or in the queue for later. */
export type FirstState = Extract<SagaState, 'RESERVING' | 'QUEUED'>

/** The state that a journal's inputs lead to, from the beginning. */
export function replay(
  context: SagaContext,
  inputs: readonly SagaInput[],
  first: FirstState = 'RESERVING',
): Pick<Saga, 'state' | 'context'> {
  let saga: Pick<Saga, 'state' | 'context'> = { state: first, context }
  for (const input of inputs) saga = advance(saga, input) ?? saga
  return saga
}

/** The total of items, in minor units. */
export const totalOf = (items: readonly Item[]): Minor =>
  sum(items.map(({ unitPrice, quantity }) => times(unitPrice, quantity)))
