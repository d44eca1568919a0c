import { type Minor, type OrderStatus, type PaymentStatus, sum, times } from '@boxoffice/contracts'
import type { Failure, IssuedTicket, Item, Saga, SagaContext, SagaInput, SagaState } from './saga.ts'

/** What a transition does beside moving on. The applier writes all of it in one commit. */
export interface Effects {
  order?: { status?: OrderStatus; paymentStatus?: PaymentStatus; completed?: boolean; refunded?: Minor; failure?: Failure }
  items?: Item[]
  tickets?: IssuedTicket[]
  charge?: { transactionId: string }
  refund?: { gatewayRefundId: string }
  messages?: ('PAYMENT_COMPLETED' | 'PAYMENT_FAILED' | 'ORDER_CONFIRMED' | 'REFUND_PROCESSED' | 'ORDER_CANCELLED')[]
}
export interface Transition {
  state: SagaState
  context: SagaContext
  effects: Effects
}

type InputType = SagaInput['type']
type Rule<I extends InputType> = (context: SagaContext, input: Extract<SagaInput, { type: I }>) => Transition | null
type Row = { [I in InputType]?: Rule<I> }

const eventCancelled: Failure = {
  reason: 'EVENT_CANCELLED',
  status: 409,
  code: 'EVENT_NOT_ON_SALE',
  message: 'the event was cancelled',
}
const timedOut: Failure = {
  reason: 'PAYMENT_TIMEOUT',
  status: 402,
  code: 'PAYMENT_DECLINED',
  message: 'the payment was not answered for in time',
}
const gatewayFailed: Failure = {
  reason: 'SYSTEM_ERROR',
  status: 402,
  code: 'PAYMENT_DECLINED',
  message: 'the gateway failed before it charged anything',
}
const priceChanged: Failure = {
  reason: 'PRICE_CHANGED',
  status: 409,
  code: 'PRICE_CHANGED',
  message: 'the total is not what was expected',
}

const go = (state: SagaState, context: SagaContext, effects: Effects = {}): Transition => ({ state, context, effects })

/** Tickets go back, and the order has failed from now on: the buyer need not wait for the release. */
function fail(context: SagaContext, failure: Failure, messages: Effects['messages']): Transition {
  const { paymentToken: _, ...rest } = context
  return go('RELEASING', { ...rest, failure }, { order: { status: 'FAILED', paymentStatus: 'FAILED', failure }, messages })
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

/** Money came although the order had failed: it goes back, once. */
const lateMoney: Rule<'CHARGED'> = (context, { transactionId }) =>
  go(
    'REFUNDING',
    { ...context, transactionId, refundReason: context.failure?.reason ?? 'ORDER_FAILED' },
    { charge: { transactionId } },
  )

const refundDone: Rule<'REFUND_DONE'> = (context, { gatewayRefundId }) => {
  const refund = { refund: { gatewayRefundId } }
  const total = context.total ?? (0 as Minor)
  // A failed order stays failed; one that was paid becomes refunded.
  if (context.failure) {
    return go('FAILED', context, {
      ...refund,
      order: { paymentStatus: 'REFUNDED', refunded: total },
      messages: ['REFUND_PROCESSED'],
    })
  }
  return go('REFUNDED', context, {
    ...refund,
    order: { status: 'REFUNDED', paymentStatus: 'REFUNDED', refunded: total },
    messages: ['REFUND_PROCESSED', 'ORDER_CANCELLED'],
  })
}

/** Nothing to give back for an order that cost nothing. */
const giveBack = (context: SagaContext, reason: string): Transition =>
  context.transactionId
    ? go('REFUNDING', { ...context, refundReason: reason }, { order: { status: 'REFUND_PENDING' } })
    : go(
        'REFUNDED',
        { ...context, refundReason: reason },
        {
          order: { status: 'REFUNDED', paymentStatus: 'REFUNDED' },
          messages: ['ORDER_CANCELLED'],
        },
      )

const rejected: Rule<'TICKETS_REJECTED'> = (context, { reason }) => giveBack(context, reason)
const issued: Rule<'TICKETS_ISSUED'> = (context, { tickets }) =>
  go('CONFIRMED', { ...context, issued: tickets }, { tickets, order: { status: 'CONFIRMED' }, messages: ['ORDER_CONFIRMED'] })

/** The purchase on one screen: what follows in each state from what happened. What a row does not name changes nothing there. */
const table: Record<SagaState, Row> = {
  RESERVING: {
    RESERVED: (context, { at, eventId, items, total, currency, eventCancelled: isCancelled }) => {
      const held = { ...context, eventId, items, total, currency, chargeStartedAt: at }
      const { purchase } = context
      const transition = isCancelled
        ? fail(held, eventCancelled, [])
        : purchase.kind === 'direct' && purchase.expectedTotal !== undefined && purchase.expectedTotal !== total
          ? fail(held, priceChanged, [])
          : total === 0
            ? paid(held, undefined, {})
            : go('CHARGING', held)
      return { ...transition, effects: { ...transition.effects, items } }
    },
    // Nothing is held, so there is nothing to undo.
    REFUSED: ({ paymentToken: _, ...context }, { failure }) =>
      go('FAILED', { ...context, failure }, { order: { status: 'FAILED', paymentStatus: 'FAILED', failure } }),
    LIMIT_PASSED: (context) => fail(context, { ...timedOut, reason: 'SYSTEM_ERROR' }, []),
  },
  CHARGING: {
    CHARGED: charged,
    DECLINED: declined,
    EVENT_CANCELLED: (context) => fail(context, eventCancelled, []),
    CHARGE_UNKNOWN: (context) => go('RESOLVING', context, { order: { paymentStatus: 'UNKNOWN' } }),
    LIMIT_PASSED: (context) => go('CANCELLING_CHARGE', context, { order: { paymentStatus: 'UNKNOWN' } }),
  },
  RESOLVING: {
    CHARGED: charged,
    DECLINED: declined,
    NOT_CHARGED: (context) => fail(context, gatewayFailed, ['PAYMENT_FAILED']),
    LIMIT_PASSED: (context) => go('CANCELLING_CHARGE', context),
  },
  CANCELLING_CHARGE: {
    CHARGED: charged,
    DECLINED: declined,
    NOT_CHARGED: (context) => fail(context, timedOut, ['PAYMENT_FAILED']),
    GATEWAY_UNREACHABLE: (context) => fail({ ...context, refundIfCharged: true }, timedOut, ['PAYMENT_FAILED']),
  },
  RELEASING: {
    RELEASED: (context) => go(context.refundIfCharged ? 'REFUND_IF_CHARGED' : 'FAILED', context),
    // The gateway's word came late: the tickets go back first, then the money.
    CHARGED: (context) => go('RELEASING', { ...context, refundIfCharged: true }),
  },
  REFUND_IF_CHARGED: {
    CHARGED: lateMoney,
    NOT_CHARGED: (context) => go('FAILED', context),
    DECLINED: (context) => go('FAILED', context),
  },
  AWAITING_TICKETS: { TICKETS_ISSUED: issued, TICKETS_REJECTED: rejected },
  CANCELLING_TICKETS: { TICKETS_CANCELLED: (context) => giveBack(context, context.refundReason ?? 'EVENT_CANCELLED') },
  REFUNDING: { REFUND_DONE: refundDone },
  CONFIRMED: {},
  // Known already, unless the order failed without a charge that we knew of.
  FAILED: { CHARGED: (context, input) => (context.transactionId ? null : lateMoney(context, input)) },
  REFUNDED: {},
}

/** The next state and what comes with it; null where the input changes nothing (late, or known already). */
export function advance(saga: Pick<Saga, 'state' | 'context'>, input: SagaInput): Transition | null {
  const rule = table[saga.state][input.type] as ((context: SagaContext, input: SagaInput) => Transition | null) | undefined
  return rule ? rule(saga.context, input) : null
}

/** The state that a journal's inputs lead to, from the beginning. */
export function replay(context: SagaContext, inputs: readonly SagaInput[]): Pick<Saga, 'state' | 'context'> {
  let saga: Pick<Saga, 'state' | 'context'> = { state: 'RESERVING', context }
  for (const input of inputs) saga = advance(saga, input) ?? saga
  return saga
}

/** The total of items, in minor units. */
export const totalOf = (items: readonly Item[]): Minor => sum(items.map(({ unitPrice, quantity }) => times(unitPrice, quantity)))
