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

// Rules of refunds: all of a purchase that could not be honoured, or what was requested.

export const paymentStatusOf = (context: SagaContext) =>
  !context.refunded ? 'COMPLETED' : leftOf(context) === 0 ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
/** Of an order that is refunded completely: if it was free, its payment status stays. */
const paymentStatusOfWhole = ({ total }: SagaContext) => (total === 0 ? 'COMPLETED' : 'REFUNDED')

const plus = (refunded: Minor = ZERO, amount: Minor) => (refunded + amount) as Minor

const opened = (context: SagaContext) => {
  const { refundId, reason, force, amount } = refundOf(context)
  return { opened: { refundId, reason, force, amount } }
}

/** Ends an order as failed or, if its buyer cancelled it, as cancelled. */
export const endFailedOrCancelled = (context: Unpriced | Released, effects: Effects = {}): Transition =>
  context.failure ? go('FAILED', context, effects) : go('CANCELLED', context, effects)

/** Whether something was held, which may have been charged. */
export const isPriced = (context: Unpriced | Released): context is Released => context.total !== undefined

/** Money that arrived after the order had ended is refunded, once. */
export const lateMoney: Rule<Unpriced | Released, 'CHARGED'> = (context, { transactionId }) => {
  if (!isPriced(context)) return UNEXPECTED
  if (context.transactionId) return null // already known
  const refundReason = context.failure?.reason ?? (context.cancelled ? 'CANCELLED_BY_BUYER' : 'ORDER_FAILED')
  const next = { ...context, transactionId, refundReason }
  return go('REFUNDING', next, { charge: { transactionId }, refund: opened(next) })
}

/** Refunds all of it; a free order needs no refund. */
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

/** Ends a complete refund. A failed or cancelled order stays so; a paid one becomes refunded. */
export function allRefunded(context: Refunding, gatewayRefundId: string | undefined): Transition {
  const { refundId, reason, amount } = refundOf(context)
  const { refund: _, ...rest } = context
  const next = { ...rest, refunded: plus(context.refunded, amount) }
  const refund = { completed: [{ refundId, reason, amount, gatewayRefundId }] }
  const order = { paymentStatus: 'REFUNDED', refunded: next.refunded } as const
  const messages: Effects['messages'] = amount > 0 ? ['REFUND_PROCESSED'] : []
  if (next.failure || next.cancelled) return endFailedOrCancelled(next, { refund, order, messages })
  return go('REFUNDED', next, {
    refund,
    order: { status: 'REFUNDED', ...order },
    messages: [...messages, 'ORDER_CANCELLED'],
  })
}
export const refundingDone: Rule<Refunding, 'REFUND_DONE'> = (context, { gatewayRefundId }) =>
  allRefunded(context, gatewayRefundId)

/**
 * Begins a requested refund of an order that is confirmed or waits too long for its tickets. These stop
 * admitting first.
 */
export const refundRequested: Rule<Awaiting | Confirmed, 'REFUND_REQUESTED'> = (context, { refund }) =>
  go(
    'WITHDRAWING_TICKETS',
    { ...context, refund },
    { order: { status: 'REFUND_PENDING' }, refund: { opened: refund } },
  )

/**
 * Refunds the tickets' price, or all of it if none were ever issued; less what was refunded at the gateway by
 * hand.
 */
export const ticketsWithdrawn: Rule<Withdrawing, 'TICKETS_WITHDRAWN'> = (context, { at, tickets }) => {
  const request = refundOf(context)
  const worth = context.issued ? sum(tickets.map(({ unitPrice }) => unitPrice)) : leftOf(context)
  const price = request.elsewhere ? ZERO : worth
  const amount = Math.min(price, leftOf(context)) as Minor
  const refund: Refund = {
    ...request,
    amount,
    startedAt: at,
    withdrawn: tickets.map(({ ticketId }) => ticketId),
  }
  const withdrawn = { refundId: refund.refundId, amount, tickets }
  const next = { ...context, refund }
  if (amount > 0 && context.transactionId)
    return go('REPAYING', next, { refund: { withdrawn }, messages: ['ORDER_STATUS_CHANGED'] })
  const completed = completeRefund(next, undefined)
  return {
    ...completed,
    effects: { ...completed.effects, refund: { withdrawn, ...completed.effects.refund } },
  }
}

export const withdrawalRefused: Rule<Withdrawing, 'WITHDRAWAL_REFUSED'> = (context, { code, ticketIds }) => {
  const { refundId } = refundOf(context)
  const failed = { failed: { refundId, reason: code, ticketIds } }
  // The tickets exist but are not known here yet; if all money was refunded by hand, they are withdrawn too.
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
 * Withdraws the remaining priced tickets if all money is refunded, by hand or by us. Null if not, and after a
 * withdrawal for this reason, since the ticket service knows no more tickets.
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
 * Completes a requested refund: the order is refunded if no ticket is left, else confirmed as before, unless
 * the money of the others is refunded too.
 */
export function completeRefund(context: Withdrawing, gatewayRefundId: string | undefined): Transition {
  const { refundId, reason, amount, withdrawn = [], elsewhere } = refundOf(context)
  const refunded = plus(context.refunded, amount)
  const refundedTickets = [...(context.refundedTickets ?? []), ...withdrawn]
  const isWhole = (context.issued ?? []).every(({ ticketId }) => refundedTickets.includes(ticketId))
  const messages: Effects['messages'] = amount > 0 ? ['REFUND_PROCESSED'] : []
  const completed = { refundId, reason, amount, gatewayRefundId, ticketIds: withdrawn }
  const refund = elsewhere ? {} : { refund: { completed: [completed] } }
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
  completeRefund(context, gatewayRefundId)
