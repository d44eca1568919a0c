import { type Minor, type RefundId, sum } from '@boxoffice/contracts'
import { leftOf, refundOf, ZERO } from './amounts.ts'
import type {
  Awaiting,
  CancellingTickets,
  Confirmed,
  IssuedTicket,
  Refund,
  Refunding,
  Released,
  SagaContext,
  Unpriced,
  Withdrawing,
} from './saga.ts'
import { type Effects, go, type Rule, type Transition, UNEXPECTED } from './transition.ts'

// How money is refunded: all of a purchase that could not be honoured, or what was requested of one that
// was.

export const paymentStatusOf = (context: SagaContext) =>
  !context.refunded ? 'COMPLETED' : leftOf(context) === 0 ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
/** Of an order that is refunded whole: where nothing was to be paid, nothing came back. */
const paymentStatusOfWhole = ({ total }: SagaContext) => (total === 0 ? 'COMPLETED' : 'REFUNDED')

const plus = (refunded: Minor = ZERO, amount: Minor) => (refunded + amount) as Minor

const opened = (context: SagaContext) => {
  const { refundId, reason, force, amount } = refundOf(context)
  return { opened: { refundId, reason, force, amount } }
}

/** Where an order stands that came to nothing. */
export const endOf = (context: Unpriced | Released, effects: Effects = {}): Transition =>
  context.failure ? go('FAILED', context, effects) : go('CANCELLED', context, effects)

/** Something was held, and it may have been charged for. */
export const isPriced = (context: Unpriced | Released): context is Released => context.total !== undefined

/** Money that came although the order had ended: it goes back, once. */
export const lateMoney: Rule<Unpriced | Released, 'CHARGED'> = (context, { transactionId }) => {
  if (!isPriced(context)) return UNEXPECTED
  if (context.transactionId) return null // known already
  const refundReason = context.failure?.reason ?? (context.cancelled ? 'CANCELLED_BY_BUYER' : 'ORDER_FAILED')
  const next = { ...context, transactionId, refundReason }
  return go('REFUNDING', next, { charge: { transactionId }, refund: opened(next) })
}

/** All of it is refunded; there is nothing to refund of an order that cost nothing. */
export function refundAllOf(context: Awaiting | CancellingTickets, reason: string): Transition {
  const { transactionId } = context
  const next = { ...context, refundReason: reason }
  if (transactionId && leftOf(context) > 0) {
    const refunding = { ...next, transactionId }
    return go('REFUNDING', refunding, { order: { status: 'REFUND_PENDING' }, refund: opened(refunding) })
  }
  return go('REFUNDED', next, {
    order: { status: 'REFUNDED', paymentStatus: paymentStatusOfWhole(context) },
    messages: ['ORDER_CANCELLED'],
  })
}

export const cancelTickets = (context: Awaiting, refundReason: string): Transition =>
  go('CANCELLING_TICKETS', { ...context, refundReason })
export const ticketsCancelled: Rule<CancellingTickets, 'TICKETS_CANCELLED'> = (context) =>
  refundAllOf(context, context.refundReason)

/**
 * All of it has been refunded. A failed or cancelled order stays that; one that was paid becomes refunded.
 */
export function allRefunded(context: Refunding, gatewayRefundId: string | undefined): Transition {
  const { refundId, reason, amount } = refundOf(context)
  const { refund: _, ...rest } = context
  const next = { ...rest, refunded: plus(context.refunded, amount) }
  const refund = { settled: [{ refundId, reason, amount, gatewayRefundId }] }
  const order = { paymentStatus: 'REFUNDED', refunded: next.refunded } as const
  const messages: Effects['messages'] = amount > 0 ? ['REFUND_PROCESSED'] : []
  if (next.failure || next.cancelled) return endOf(next, { refund, order, messages })
  return go('REFUNDED', next, {
    refund,
    order: { status: 'REFUNDED', ...order },
    messages: [...messages, 'ORDER_CANCELLED'],
  })
}
export const refundingDone: Rule<Refunding, 'REFUND_DONE'> = (context, { gatewayRefundId }) =>
  allRefunded(context, gatewayRefundId)

/** A refund of an order that is confirmed, or waits too long for its tickets. Those stop admitting first. */
export const refundRequested: Rule<Awaiting | Confirmed, 'REFUND_REQUESTED'> = (context, { refund }) =>
  go(
    'WITHDRAWING_TICKETS',
    { ...context, refund },
    { order: { status: 'REFUND_PENDING' }, refund: { opened: refund } },
  )

/**
 * Refunds the tickets' price, and all of it where none ever came; less where some was refunded at the
 * gateway by hand.
 */
export const ticketsWithdrawn: Rule<Withdrawing, 'TICKETS_WITHDRAWN'> = (context, { at, tickets }) => {
  const asked = refundOf(context)
  const worth = context.issued ? sum(tickets.map(({ unitPrice }) => unitPrice)) : leftOf(context)
  const price = asked.elsewhere ? ZERO : worth
  const amount = Math.min(price, leftOf(context)) as Minor
  const refund: Refund = {
    ...asked,
    amount,
    startedAt: at,
    withdrawn: tickets.map(({ ticketId }) => ticketId),
  }
  const withdrawn = { refundId: refund.refundId, amount, tickets }
  const next = { ...context, refund }
  if (amount > 0 && context.transactionId)
    return go('REPAYING', next, { refund: { withdrawn }, messages: ['ORDER_STATUS_CHANGED'] })
  const settled = settle(next, undefined)
  return { ...settled, effects: { ...settled.effects, refund: { withdrawn, ...settled.effects.refund } } }
}

export const withdrawalRefused: Rule<Withdrawing, 'WITHDRAWAL_REFUSED'> = (context, { code, ticketIds }) => {
  const { refundId } = refundOf(context)
  const failed = { failed: { refundId, reason: code, ticketIds } }
  // It has tickets, which we are yet to hear of; where all the money is back by hand, they go too.
  if (!context.issued) {
    const { refund: _, ...next } = context
    const isPaidBack = next.refundIdElsewhere !== undefined && leftOf(next) === 0
    return isPaidBack
      ? go('CANCELLING_TICKETS', { ...next, refundReason: REASON_ELSEWHERE }, { refund: failed })
      : go('AWAITING_TICKETS', next, { refund: failed })
  }
  const { refund: ended, ...next } = context
  const others = withdrawOthers(next, ended)
  return others
    ? go('WITHDRAWING_TICKETS', others, { order: { status: 'REFUND_PENDING' }, refund: failed })
    : go('CONFIRMED', next, { order: { status: 'CONFIRMED' }, refund: failed })
}

export const REASON_ELSEWHERE = 'REFUNDED_AT_GATEWAY'
export const refundElsewhere = (refundId: RefundId): Refund => ({
  ...{ refundId, reason: REASON_ELSEWHERE },
  ...{ force: true, elsewhere: true },
})

/**
 * By hand or by us, all the money is back, and tickets that cost some are left: they go too. Null where that
 * is not so, and after a withdrawal for this reason: the ticket service knows of no more.
 */
function withdrawOthers(context: Confirmed, ended: Refund): Withdrawing | null {
  const { refundIdElsewhere, items, issued, refundedTickets = [] } = context
  if (!refundIdElsewhere || ended.elsewhere || leftOf(context) > 0) return null
  const hasPrice = ({ ticketTypeId }: IssuedTicket) =>
    items.some((item) => item.ticketTypeId === ticketTypeId && item.unitPrice > 0)
  const areLeft = issued.some((ticket) => hasPrice(ticket) && !refundedTickets.includes(ticket.ticketId))
  return areLeft ? { ...context, refund: refundElsewhere(refundIdElsewhere) } : null
}

/**
 * What was requested is refunded: the order is refunded when no ticket of it is left, else confirmed as
 * before, unless the money of the others is back too.
 */
export function settle(context: Withdrawing, gatewayRefundId: string | undefined): Transition {
  const { refundId, reason, amount, withdrawn = [], elsewhere } = refundOf(context)
  const refunded = plus(context.refunded, amount)
  const refundedTickets = [...(context.refundedTickets ?? []), ...withdrawn]
  const isWhole = (context.issued ?? []).every(({ ticketId }) => refundedTickets.includes(ticketId))
  const messages: Effects['messages'] = amount > 0 ? ['REFUND_PROCESSED'] : []
  const settled = { refundId, reason, amount, gatewayRefundId, ticketIds: withdrawn }
  const refund = elsewhere ? {} : { refund: { settled: [settled] } }
  if (isWhole || !context.issued) {
    const { refund: _, ...rest } = context
    const order = { status: 'REFUNDED', paymentStatus: paymentStatusOfWhole(context), refunded } as const
    return go(
      'REFUNDED',
      { ...rest, refunded, refundedTickets },
      { order, ...refund, messages: [...messages, 'ORDER_CANCELLED'] },
    )
  }
  const { refund: ended, ...rest } = context
  const next = { ...rest, refunded, refundedTickets }
  const others = withdrawOthers(next, ended)
  const order = { paymentStatus: paymentStatusOf(next), refunded } as const
  return others
    ? go('WITHDRAWING_TICKETS', others, {
        order: { status: 'REFUND_PENDING', ...order },
        ...refund,
        messages,
      })
    : go('CONFIRMED', next, { order: { status: 'CONFIRMED', ...order }, ...refund, messages })
}
export const repaid: Rule<Withdrawing, 'REFUND_DONE'> = (context, { gatewayRefundId }) =>
  settle(context, gatewayRefundId)
