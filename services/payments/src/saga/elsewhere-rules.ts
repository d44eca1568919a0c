import type { Minor } from '@boxoffice/contracts'
import { leftOf, refundOf, ZERO } from './amounts.ts'
import type { InputOf } from './input.ts'
import {
  allRefunded,
  cancelTickets,
  completeRefund,
  paymentStatusOf,
  REASON_ELSEWHERE,
  refundElsewhere,
} from './refund-rules.ts'
import type { Awaiting, CancellingTickets, Confirmed, Refund, Refunding, Withdrawing } from './saga.ts'
import { go, type Rule, type Transition } from './transition.ts'

// Rules for money that was refunded at the gateway by hand.

type Elsewhere<C> = Rule<C, 'REFUNDED_ELSEWHERE'>
type Paid = Awaiting | CancellingTickets | Confirmed | Refunding | Withdrawing

/**
 * Counts a manual refund in any state; `then` decides the next state. `pending`: what was to be refunded
 * before; for a purchase that cannot be honoured, the remainder shrinks. Null if no money is left.
 */
const counted =
  <C extends Paid>(
    then: (
      context: C,
      input: InputOf<'REFUNDED_ELSEWHERE'>,
      pending: Refund & { amount: Minor },
    ) => Transition,
  ): Elsewhere<C> =>
  (context, input) => {
    const { refundId, gatewayRefundId } = input
    const amount = Math.min(input.amount, leftOf(context)) as Minor
    if (amount === 0) return null
    const refunded = ((context.refunded ?? ZERO) + amount) as Minor
    const next = then({ ...context, refunded, refundIdElsewhere: refundId }, input, refundOf(context))
    const { effects } = next
    const byHand = { refundId, reason: REASON_ELSEWHERE, amount, gatewayRefundId }
    return {
      ...next,
      effects: {
        ...effects,
        order: { paymentStatus: paymentStatusOf(next.context), refunded, ...effects.order },
        refund: { ...effects.refund, completed: [byHand, ...(effects.refund?.completed ?? [])] },
        messages: ['REFUND_PROCESSED', ...(effects.messages ?? [])],
      },
    }
  }

/** Withdraws the tickets once all money is refunded; after a partial refund, an operator decides which. */
export const whenConfirmed: Elsewhere<Confirmed> = counted((context, { refundId }) =>
  leftOf(context) > 0
    ? go('CONFIRMED', context)
    : go(
        'WITHDRAWING_TICKETS',
        { ...context, refund: refundElsewhere(refundId) },
        { order: { status: 'REFUND_PENDING' } },
      ),
)
export const whenAwaiting: Elsewhere<Awaiting> = counted((context) =>
  leftOf(context) > 0 ? go('AWAITING_TICKETS', context) : cancelTickets(context, REASON_ELSEWHERE),
)
export const whenCancelling: Elsewhere<CancellingTickets> = counted((context) =>
  go('CANCELLING_TICKETS', context),
)
export const whenWithdrawing: Elsewhere<Withdrawing> = counted((context) =>
  go('WITHDRAWING_TICKETS', context),
)

/** Reduces our own refund to the remainder, and completes it if nothing remains. */
export const whenRefunding: Elsewhere<Refunding> = counted((context, _, pending) => {
  const next = { ...context, refund: shrunk(pending, leftOf(context)) }
  return next.refund.amount === 0 ? allRefunded(next, undefined) : go('REFUNDING', next)
})
export const whenRepaying: Elsewhere<Withdrawing> = counted((context, _, pending) => {
  const next = { ...context, refund: shrunk(pending, leftOf(context)) }
  return next.refund.amount === 0 ? completeRefund(next, undefined) : go('REPAYING', next)
})

function shrunk(pending: Refund & { amount: Minor }, left: Minor): Refund & { amount: Minor } {
  const amount = Math.min(pending.amount, left) as Minor
  return { ...pending, amount, reduced: pending.reduced || amount !== pending.amount }
}
