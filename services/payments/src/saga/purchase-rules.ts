import { eventCancelled, gatewayFailed, priceChanged, timedOut, tokenMissing } from './failures.ts'
import { cancelTickets, endFailedOrCancelled, isPriced, refundAllOf } from './refund-rules.ts'
import type {
  Awaiting,
  Begun,
  Charging,
  Contexts,
  Failure,
  IssuedTicket,
  Released,
  Unpriced,
  Unreachable,
} from './saga.ts'
import { type Effects, go, type Rule, type Transition, UNEXPECTED } from './transition.ts'

// Rules of how a purchase proceeds and fails.

/** Fails the order now and releases its tickets: the buyer need not wait for the release. */
function fail(context: Begun | Unreachable, failure: Failure, messages: Effects['messages']): Transition {
  const order = { status: 'FAILED', paymentStatus: 'FAILED', failure } as const
  return go('RELEASING', { ...withoutToken(context), failure }, { order, messages })
}

/** Cancels at the buyer's request and releases tickets if any may be held. */
function cancelled(context: Begun | Unreachable, state: 'RELEASING' | 'CANCELLED' = 'RELEASING'): Transition {
  // The event of a reservation is unknown until it was looked up.
  const isPublished = context.eventId !== undefined || context.purchase.kind === 'direct'
  const order = { status: 'CANCELLED', paymentStatus: 'FAILED' } as const
  const ended = { ...withoutToken(context), cancelled: true as const }
  return go(state, ended, { order, messages: isPublished ? ['ORDER_CANCELLED'] : [] })
}

/** The context without the payment token. */
function withoutToken(context: Begun | Unreachable) {
  const { paymentToken: _, ...rest } = context
  return rest
}

export const begin: Rule<Begun, 'BEGIN'> = (context) =>
  context.cancelRequested ? cancelQueued(context) : go('RESERVING', context)
/** A queued order holds nothing. */
export const cancelQueued = (context: Begun) => cancelled(context, 'CANCELLED')
/** A queued command runs later; a cancellation announced before it must win. */
export const cancelAnnounced: Rule<Begun, 'CANCEL_ANNOUNCED'> = (context) =>
  context.cancelRequested ? null : go('QUEUED', { ...context, cancelRequested: true })
export const cancelHeld: Rule<Begun, 'CANCEL_REQUESTED'> = (context) => cancelled(context)

export const reserved: Rule<Begun, 'RESERVED'> = (
  { untold, paymentToken, ...context },
  { at, eventId, items, total, currency, eventCancelled: isCancelled, tokenMissing: isUnpayable },
) => {
  const held = { ...context, eventId, items, total, currency, chargeStartedAt: at }
  const { purchase } = context
  const isOther = purchase.kind === 'direct' && (purchase.expectedTotal ?? total) !== total
  const cannotPay = isUnpayable || (total > 0 && paymentToken === undefined)
  const failure = isCancelled ? eventCancelled : isOther ? priceChanged : cannotPay ? tokenMissing : null
  const transition = failure
    ? go('RELEASING', { ...held, failure }, { order: { status: 'FAILED', paymentStatus: 'FAILED', failure } })
    : total === 0 || paymentToken === undefined
      ? paid(held, undefined, {})
      : go('CHARGING', { ...held, paymentToken })
  const { effects } = transition
  const failed: Effects['messages'] = failure ? ['ORDER_FAILED'] : (effects.messages ?? [])
  const messages: Effects['messages'] = [...(untold ? (['ORDER_CREATED'] as const) : []), ...failed]
  return { ...transition, effects: { ...effects, items, messages } }
}

/** Nothing is held, so there is nothing to undo. */
export const refused: Rule<Begun, 'REFUSED'> = ({ paymentToken: _, ...context }, { failure }) =>
  go(
    'FAILED',
    { ...context, failure },
    { order: { status: 'FAILED', paymentStatus: 'FAILED', failure }, messages: ['ORDER_FAILED'] },
  )

export const notReserved: Rule<Begun, 'LIMIT_PASSED'> = (context) =>
  fail(context, { ...timedOut, reason: 'SYSTEM_ERROR' }, ['ORDER_FAILED'])

/** PAYMENT_COMPLETED has the name at the time of payment. A newer name replaces a queued one. */
export const holderNamed =
  <S extends 'QUEUED' | 'RESERVING' | 'CHARGING' | 'RESOLVING' | 'CANCELLING_CHARGE'>(
    state: S,
  ): Rule<Contexts[S], 'HOLDER_NAMED'> =>
  (context, { holderName, asOf, queued }) => {
    if (queued && asOf <= (context.namedAsOf ?? 0)) return null
    const named = { ...context, holderName, ...(!queued && { namedAsOf: asOf }) }
    return go(state, named, { order: { holderName } })
  }

type Priced = Omit<Charging, 'paymentToken'> & { paymentToken?: undefined }
function paid(context: Priced, transactionId: string | undefined, effects: Effects): Transition {
  const order = { status: 'PAID', paymentStatus: 'COMPLETED', completed: true } as const
  return go(
    'AWAITING_TICKETS',
    { ...context, transactionId },
    { ...effects, order, messages: ['PAYMENT_COMPLETED'] },
  )
}

export const charged: Rule<Charging, 'CHARGED'> = (
  { paymentToken: _, ...context },
  { transactionId, eventCancelled: isCancelled },
) => {
  const charge = { transactionId }
  if (!isCancelled) return paid(context, transactionId, { charge })
  const order = { status: 'PAID', paymentStatus: 'COMPLETED', completed: true } as const
  return go(
    'CANCELLING_TICKETS',
    { ...context, transactionId, refundReason: 'EVENT_CANCELLED' },
    { charge, order },
  )
}
export const declined: Rule<Charging, 'DECLINED'> = (context, { failure }) =>
  fail(context, failure, ['PAYMENT_FAILED'])
export const cancelledBeforeCharge: Rule<Charging, 'EVENT_CANCELLED'> = (context) =>
  fail(context, eventCancelled, ['ORDER_FAILED'])
export const unknown: Rule<Charging, 'CHARGE_UNKNOWN'> = (context) =>
  go('RESOLVING', context, { order: { paymentStatus: 'UNKNOWN' } })
export const neverCharged: Rule<Charging, 'NOT_CHARGED'> = (context) =>
  fail(context, gatewayFailed, ['PAYMENT_FAILED'])
export const chargeTookTooLong: Rule<Charging, 'LIMIT_PASSED'> = (context) =>
  go('CANCELLING_CHARGE', context, { order: { paymentStatus: 'UNKNOWN' } })
export const resolvingTookTooLong: Rule<Charging, 'LIMIT_PASSED'> = (context) =>
  go('CANCELLING_CHARGE', context)

/** A charge is or was in progress: only the gateway knows whether the request is in time. */
export const cancelCharge: Rule<Charging, 'CANCEL_REQUESTED'> = (context) =>
  go('CANCELLING_CHARGE', { ...context, cancelRequested: true }, { order: { paymentStatus: 'UNKNOWN' } })
/** The charge is being cancelled already: remembers that its buyer wants it too. */
export const cancelEndingCharge: Rule<Charging, 'CANCEL_REQUESTED'> = (context) =>
  context.cancelRequested ? null : go('CANCELLING_CHARGE', { ...context, cancelRequested: true })

/** Certainly not charged: the buyer's cancellation takes effect, or the order fails. */
const endedUncharged = (context: Unreachable, failure: Failure): Transition =>
  context.cancelRequested ? cancelled(context) : fail(context, failure, ['PAYMENT_FAILED'])
export const endDeclined: Rule<Charging, 'DECLINED'> = (context, { failure }) =>
  endedUncharged(context, failure)
export const endNotCharged: Rule<Charging, 'NOT_CHARGED'> = (context) => endedUncharged(context, timedOut)
export const endUnreachable: Rule<Charging, 'GATEWAY_UNREACHABLE'> = (context) =>
  endedUncharged({ ...context, refundIfCharged: true }, timedOut)

export const released: Rule<Unpriced | Released, 'RELEASED'> = (context) =>
  isPriced(context) && context.refundIfCharged
    ? go('REFUND_IF_CHARGED', context)
    : endFailedOrCancelled(context)
/** The charge became known late: tickets are released first, then the money is refunded. */
export const chargedLate: Rule<Unpriced | Released, 'CHARGED'> = (context) =>
  isPriced(context) ? go('RELEASING', { ...context, refundIfCharged: true }) : UNEXPECTED

/** Confirms the order with the last part of its tickets to arrive; null for a known part. */
export const issued: Rule<Awaiting, 'TICKETS_ISSUED'> = (
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
export const rejected: Rule<Awaiting, 'TICKETS_REJECTED'> = (context, { reason }) =>
  refundAllOf(context, reason)
export const cancelledWhilePaid: Rule<Awaiting, 'EVENT_CANCELLED'> = (context) =>
  cancelTickets(context, 'EVENT_CANCELLED')
export const givenUp: Rule<Awaiting, 'ISSUE_GIVEN_UP'> = (context) =>
  cancelTickets(context, 'TICKETS_NOT_ISSUED')
