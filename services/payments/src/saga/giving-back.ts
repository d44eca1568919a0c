import { type Minor, type RefundId, sum } from '@boxoffice/contracts'
import type { IssuedTicket, Refund, SagaContext, SagaState } from './saga.ts'
import { type Effects, go, type Rule, type Transition } from './transition.ts'

// How money goes back: all of a purchase that could not be honoured, or what was asked for of one that was.

const ZERO = 0 as Minor
const minus = (a: Minor, b: Minor) => Math.max(0, a - b) as Minor
const leftOf = ({ total = ZERO, refunded = ZERO }: SagaContext): Minor => minus(total, refunded)

/**
 * The refund that is at work: what was asked for, or all that is left of a purchase that could not be
 * honoured.
 */
export const refundOf = (context: SagaContext): Refund & { amount: Minor } => ({
  refundId: context.refundId,
  reason: context.refundReason ?? 'unknown',
  force: true,
  ...context.refund,
  amount: context.refund?.amount ?? leftOf(context),
})

const paymentStatusOf = (context: SagaContext) =>
  !context.refunded ? 'COMPLETED' : leftOf(context) === 0 ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
/** Of an order that is given back whole: where nothing was to be paid, nothing came back. */
const paymentStatusOfWhole = ({ total }: SagaContext) => (total === 0 ? 'COMPLETED' : 'REFUNDED')

const opened = (context: SagaContext) => {
  const { refundId, reason, force, amount } = refundOf(context)
  return { opened: { refundId, reason, force, amount } }
}

/** Money that came although the order had ended: it goes back, once. */
export const lateMoney: Rule<'CHARGED'> = (context, { transactionId }) => {
  const refundReason = context.failure?.reason ?? (context.cancelled ? 'CANCELLED_BY_BUYER' : 'ORDER_FAILED')
  const next = { ...context, transactionId, refundReason }
  return go('REFUNDING', next, { charge: { transactionId }, refund: opened(next) })
}

/** All of it goes back; there is nothing to give for an order that cost nothing. */
export function giveBack(context: SagaContext, reason: string): Transition {
  const next = { ...context, refundReason: reason }
  if (context.transactionId && leftOf(context) > 0)
    return go('REFUNDING', next, { order: { status: 'REFUND_PENDING' }, refund: opened(next) })
  return go('REFUNDED', next, {
    order: { status: 'REFUNDED', paymentStatus: paymentStatusOfWhole(context) },
    messages: ['ORDER_CANCELLED'],
  })
}

/** Where an order stands that came to nothing; null for one that was paid. */
export const endOf = (context: SagaContext): Extract<SagaState, 'FAILED' | 'CANCELLED'> | null =>
  context.failure ? 'FAILED' : context.cancelled ? 'CANCELLED' : null

/** All of it has gone back. */
function givenBack(context: SagaContext, gatewayRefundId: string | undefined): Transition {
  const { refundId, reason, amount } = refundOf(context)
  const { refund: _, ...rest } = context
  const next = { ...rest, refunded: ((context.refunded ?? 0) + amount) as Minor }
  const refund = { settled: [{ refundId, reason, amount, gatewayRefundId }] }
  const order = { paymentStatus: 'REFUNDED', refunded: next.refunded } as const
  const messages: Effects['messages'] = amount > 0 ? ['REFUND_PROCESSED'] : []
  // A failed or cancelled order stays that; one that was paid becomes refunded.
  const end = endOf(context)
  return end
    ? go(end, next, { refund, order, messages })
    : go('REFUNDED', next, {
        refund,
        order: { status: 'REFUNDED', ...order },
        messages: [...messages, 'ORDER_CANCELLED'],
      })
}
export const refundingDone: Rule<'REFUND_DONE'> = (context, { gatewayRefundId }) =>
  givenBack(context, gatewayRefundId)

/**
 * Somebody asks for a refund of an order that is confirmed, or waits too long for its tickets. Those stop
 * admitting first.
 */
export const refundRequested: Rule<'REFUND_REQUESTED'> = (context, { refund }) =>
  go(
    'WITHDRAWING_TICKETS',
    { ...context, refund },
    { order: { status: 'REFUND_PENDING' }, refund: { opened: refund } },
  )

/**
 * The tickets' price goes back, and all of it where none ever came; less where some of it was given back at
 * the gateway by hand.
 */
export const ticketsWithdrawn: Rule<'TICKETS_WITHDRAWN'> = (context, { at, tickets }) => {
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
  const { state, context: after, effects } = settle(next, undefined)
  return go(state, after, { ...effects, refund: { withdrawn, ...effects.refund } })
}

export const withdrawalRefused: Rule<'WITHDRAWAL_REFUSED'> = (context, { code, ticketIds }) => {
  const { refundId } = refundOf(context)
  const { refund: ended, ...next } = context
  const refund = { failed: { refundId, reason: code, ticketIds } }
  // It has tickets, which we are yet to hear of; where all the money is back by hand, they go too.
  if (!context.issued) {
    const isPaidBack = next.refundIdElsewhere !== undefined && leftOf(next) === 0
    const going = isPaidBack ? { ...next, refundReason: REASON_ELSEWHERE } : next
    return go(isPaidBack ? 'CANCELLING_TICKETS' : 'AWAITING_TICKETS', going, { refund })
  }
  const others = withdrawOthers(next, ended)
  return others
    ? go('WITHDRAWING_TICKETS', others, { order: { status: 'REFUND_PENDING' }, refund })
    : go('CONFIRMED', next, { order: { status: 'CONFIRMED' }, refund })
}

const REASON_ELSEWHERE = 'REFUNDED_AT_GATEWAY'
const refundElsewhere = (refundId: RefundId): Refund => ({
  refundId,
  reason: REASON_ELSEWHERE,
  force: true,
  elsewhere: true,
})

/**
 * By hand or by us, all the money is back, and tickets that cost some are left: they go too. Null where that
 * is not so, and after a withdrawal for this reason: the ticket service knows of no more.
 */
function withdrawOthers(context: SagaContext, ended: Refund | undefined): SagaContext | null {
  const { refundIdElsewhere, items = [], issued = [], refundedTickets = [] } = context
  if (!refundIdElsewhere || ended?.elsewhere || leftOf(context) > 0) return null
  const hasPrice = ({ ticketTypeId }: IssuedTicket) =>
    items.some((item) => item.ticketTypeId === ticketTypeId && item.unitPrice > 0)
  const areLeft = issued.some((ticket) => hasPrice(ticket) && !refundedTickets.includes(ticket.ticketId))
  return areLeft ? { ...context, refund: refundElsewhere(refundIdElsewhere) } : null
}

/**
 * What was asked for has gone back: the order is refunded when no ticket of it is left, else confirmed as
 * before, unless the money of the others is back too.
 */
function settle(context: SagaContext, gatewayRefundId: string | undefined): Transition {
  const { refundId, reason, amount, withdrawn = [], elsewhere } = refundOf(context)
  const { refund: ended, ...rest } = context
  const refunded = ((context.refunded ?? 0) + amount) as Minor
  const refundedTickets = [...(context.refundedTickets ?? []), ...withdrawn]
  const isWhole = (context.issued ?? []).every(({ ticketId }) => refundedTickets.includes(ticketId))
  const messages: Effects['messages'] = amount > 0 ? ['REFUND_PROCESSED'] : []
  const next = { ...rest, refunded, refundedTickets }
  const others = isWhole ? null : withdrawOthers(next, ended)
  const [state, status] = isWhole
    ? (['REFUNDED', 'REFUNDED'] as const)
    : others
      ? (['WITHDRAWING_TICKETS', 'REFUND_PENDING'] as const)
      : (['CONFIRMED', 'CONFIRMED'] as const)
  return go(state, others ?? next, {
    order: { status, paymentStatus: isWhole ? paymentStatusOfWhole(next) : paymentStatusOf(next), refunded },
    ...(!elsewhere && {
      refund: { settled: [{ refundId, reason, amount, gatewayRefundId, ticketIds: withdrawn }] },
    }),
    messages: isWhole ? [...messages, 'ORDER_CANCELLED'] : messages,
  })
}
export const repaid: Rule<'REFUND_DONE'> = (context, { gatewayRefundId }) => settle(context, gatewayRefundId)

type Elsewhere = Rule<'REFUNDED_ELSEWHERE'>

/**
 * What somebody gave back at the gateway counts wherever the saga stands; `then` says where it goes from
 * here. `asked` is what was to go back before it was counted: all that is left of a purchase is less
 * afterwards.
 */
const counted =
  (
    then: (
      context: SagaContext,
      input: Parameters<Elsewhere>[1],
      asked: Refund & { amount: Minor },
    ) => Transition,
  ): Elsewhere =>
  (context, input) => {
    const amount = Math.min(input.amount, leftOf(context)) as Minor
    if (amount === 0) return null
    const refunded = ((context.refunded ?? 0) + amount) as Minor
    const {
      state,
      context: next,
      effects,
    } = then({ ...context, refunded, refundIdElsewhere: input.refundId }, input, refundOf(context))
    const told = {
      refundId: input.refundId,
      reason: REASON_ELSEWHERE,
      amount,
      gatewayRefundId: input.gatewayRefundId,
    }
    return go(state, next, {
      ...effects,
      order: { paymentStatus: paymentStatusOf(next), refunded, ...effects.order },
      refund: { ...effects.refund, settled: [told, ...(effects.refund?.settled ?? [])] },
      messages: ['REFUND_PROCESSED', ...(effects.messages ?? [])],
    })
  }

/** Money that is back takes its tickets along when it is all of it; for a part, people say which. */
export const elsewhereWhenConfirmed = counted((context, { refundId }) => {
  if (leftOf(context) > 0) return go('CONFIRMED', context)
  return go(
    'WITHDRAWING_TICKETS',
    { ...context, refund: refundElsewhere(refundId) },
    { order: { status: 'REFUND_PENDING' } },
  )
})
export const elsewhereWhenAwaiting = counted((context) =>
  leftOf(context) > 0
    ? go('AWAITING_TICKETS', context)
    : go('CANCELLING_TICKETS', { ...context, refundReason: REASON_ELSEWHERE }),
)
export const elsewhereWhenCancelling = counted((context) => go('CANCELLING_TICKETS', context))
export const elsewhereWhenWithdrawing = counted((context) => go('WITHDRAWING_TICKETS', context))
/** Our own refund shrinks to what is left, and is done where nothing is. */
export const elsewhereWhenRefunding = counted((context, _, asked) => {
  const next = shrunk(context, asked)
  return next.refund?.amount === 0 ? givenBack(next, undefined) : go('REFUNDING', next)
})
export const elsewhereWhenRepaying = counted((context, _, asked) => {
  const next = shrunk(context, asked)
  return next.refund?.amount === 0 ? settle(next, undefined) : go('REPAYING', next)
})

function shrunk(context: SagaContext, asked: Refund & { amount: Minor }): SagaContext {
  const amount = Math.min(asked.amount, leftOf(context)) as Minor
  return { ...context, refund: { ...asked, amount, reduced: asked.reduced || amount !== asked.amount } }
}
