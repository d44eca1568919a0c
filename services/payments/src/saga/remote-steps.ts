import type { ReservationId, SeatId } from '@boxoffice/contracts'
import { ServiceUnavailable, UnexpectedAnswer } from '@boxoffice/service-kit'
import type { Lookup } from '../gateway/outcomes.ts'
import { totalOf } from './advance.ts'
import { chargeKey } from './journal.ts'
import { repay, withdrawTickets } from './refund-steps.ts'
import { type Failure, type Item, issuedTicket, type Saga, type SagaInput, stepOf } from './saga.ts'
import type { StoredSaga } from './saga-repository.ts'
import { isOwnLimit, KEY_LIFE_MS, type StepPorts, type StepResult } from './step-ports.ts'

/**
 * Makes the remote call of a saga's state. Every call carries ids and keys of ours: making it again changes
 * nothing.
 */
export function createRemoteSteps(ports: StepPorts): (saga: StoredSaga) => Promise<StepResult> {
  return async (saga) => {
    try {
      switch (saga.state) {
        case 'QUEUED':
          return { input: { type: 'BEGIN' } } // without its command: it has not come, or found no slot
        case 'RESERVING':
          return await reserve(ports, saga)
        case 'CHARGING':
        case 'RESOLVING':
          return await charge(ports, saga)
        case 'CANCELLING_CHARGE':
          return await endCharge(ports, saga)
        case 'REFUND_IF_CHARGED':
          return await lookAgain(ports, saga)
        case 'RELEASING':
          return await release(ports, saga)
        case 'AWAITING_TICKETS':
          return await confirm(ports, saga)
        case 'CANCELLING_TICKETS':
          return await cancelTickets(ports, saga)
        case 'WITHDRAWING_TICKETS':
          return await withdrawTickets(ports, saga)
        case 'REFUNDING':
        case 'REPAYING':
          return await repay(ports, saga)
        default:
          throw new Error(`a saga in ${saga.state} has nothing left to do`)
      }
    } catch (error) {
      if (!(error instanceof ServiceUnavailable || error instanceof UnexpectedAnswer)) throw error
      return resultOfFailure(saga, error)
    }
  }
}

/**
 * The step is made again. That the ticket service answers otherwise than with tickets should not be; that it
 * is away may be.
 */
function resultOfFailure(saga: StoredSaga, error: ServiceUnavailable | UnexpectedAnswer): StepResult {
  const step = stepOf(saga.state)
  const isAnswer = error instanceof UnexpectedAnswer || (error.reason === 'ANSWER' && error.sent)
  const soon = error instanceof ServiceUnavailable && isOwnLimit(error.reason)
  const isUndoing = step === 'RELEASE' || step === 'REFUND' || step === 'CANCEL_TICKETS'
  return { again: error.message, soon, failing: isUndoing || (step === 'ISSUE' && isAnswer) }
}

async function reserve(
  ports: StepPorts,
  { orderId, context, createdAt }: Saga & { createdAt: Date },
): Promise<StepResult> {
  const { userId, reservationId, purchase } = context
  if (ports.now().getTime() - createdAt.getTime() > ports.unknownLimitMs)
    return { input: { type: 'LIMIT_PASSED' } }
  ports.crashAt('saga.reserve.before-call')
  const answer =
    purchase.kind === 'direct'
      ? await ports.tickets.reserve({
          body: {
            userId,
            orderId,
            reservationId,
            eventId: purchase.eventId,
            ticketRequests: purchase.ticketRequests,
          },
        })
      : await ports.tickets.claimReservation({ body: { reservationId, orderId, userId } })
  ports.crashAt('saga.reserve.after-call')
  if (answer.status !== 200)
    return { input: { type: 'REFUSED', failure: refusalOf(answer.status, answer.body) } }
  const { eventId, currency, tickets } = answer.body
  const items = itemsOf(tickets)
  const total = totalOf(items)
  const isUnpayable = total > 0 && context.paymentToken === undefined
  // Whether it is cancelled is looked at in the transaction that takes this.
  const held = { at: ports.now().toISOString(), eventId, items, total, currency, eventCancelled: false }
  return { input: { type: 'RESERVED', ...held, ...(isUnpayable && { tokenMissing: true }) } }
}

/** What the ticket service refused, as the buyer is told. */
function refusalOf(
  status: 400 | 404 | 409,
  refusal: { error: string; message: string; seatIds?: SeatId[]; reservationIds?: ReservationId[] },
): Failure {
  const { error: code, message, seatIds, reservationIds } = refusal
  const own = [
    'INSUFFICIENT_INVENTORY',
    'RESERVATION_EXPIRED',
    'SEATS_TAKEN',
    'SALES_CLOSED',
    'LIMIT_EXCEEDED',
    'EVENT_NOT_ON_SALE',
  ] as const
  const named = { ...(seatIds && { seatIds }), ...(reservationIds && { reservationIds }) }
  return { reason: own.find((reason) => reason === code) ?? 'SYSTEM_ERROR', status, code, message, ...named }
}

/** An order has one line for a type, however many the reservation has. */
export function itemsOf(tickets: readonly Item[]): Item[] {
  const byType = Map.groupBy(tickets, ({ ticketTypeId }) => ticketTypeId)
  return [...byType.entries()].map(([ticketTypeId, lines]) => {
    const [{ unitPrice }] = lines as [Item]
    if (lines.some((line) => line.unitPrice !== unitPrice))
      throw new Error(`a reservation has two prices for type ${ticketTypeId}`)
    const quantity = lines.reduce((count, line) => count + line.quantity, 0)
    const seatIds = lines.flatMap((line) => line.seatIds ?? [])
    return { ticketTypeId, quantity, unitPrice, ...(seatIds.length > 0 && { seatIds }) }
  })
}

async function charge(ports: StepPorts, saga: StoredSaga): Promise<StepResult> {
  const { orderId, state, context } = saga
  const { eventId, total, currency, paymentToken, chargeStartedAt } = context
  if (!eventId || total === undefined || !currency || !chargeStartedAt)
    throw new Error(`${orderId}: nothing to charge`)
  if (state === 'CHARGING' && !saga.isEventSeen && (await ports.isEventCancelled(eventId)))
    return giveUpCharge(ports, saga)
  const age = ports.now().getTime() - Date.parse(chargeStartedAt)
  if (age > ports.unknownLimitMs) return { input: { type: 'LIMIT_PASSED' } }
  if (age > KEY_LIFE_MS) {
    const known = await ports.gateway.find(orderId, new Date(chargeStartedAt))
    if (known.outcome !== 'none') return resultOf(known)
  }
  if (!paymentToken) throw new Error(`${orderId}: nothing to charge with`)
  ports.crashAt('saga.charge.before-call')
  const request = { orderId, amount: total, currency, paymentToken, key: chargeKey(orderId) }
  const outcome = await ports.gateway.charge(request)
  ports.crashAt('saga.charge.after-call')
  switch (outcome.outcome) {
    case 'not-sent':
      return { again: outcome.reason, soon: isOwnLimit(outcome.reason) }
    case 'unknown':
      if (state === 'CHARGING') return { input: { type: 'CHARGE_UNKNOWN', reason: outcome.reason } }
      // The key gives an old error again: what really happened is in the gateway's books.
      return settle(ports, await ports.gateway.find(orderId, new Date(chargeStartedAt)))
    default:
      return resultOf(outcome)
  }
}

/**
 * The event is cancelled before we know of a charge: whoever was at it before may have died after sending it.
 */
async function giveUpCharge(ports: StepPorts, saga: Saga): Promise<StepResult> {
  const result = await lookAgain(ports, saga)
  return 'input' in result && result.input.type === 'NOT_CHARGED'
    ? { input: { type: 'EVENT_CANCELLED' } }
    : result
}

type Declined = Extract<Lookup, { outcome: 'declined' }>
const declined = ({ reason, message }: Declined): SagaInput => ({
  type: 'DECLINED',
  failure: { reason, status: 402, code: 'PAYMENT_DECLINED', message },
})

function resultOf(known: Lookup): StepResult {
  // Whether the event is cancelled by now is looked at in the transaction that takes this.
  if (known.outcome === 'charged')
    return { input: { type: 'CHARGED', transactionId: known.transactionId, eventCancelled: false } }
  return known.outcome === 'declined' ? { input: declined(known) } : { again: known.outcome }
}

/**
 * Like `resultOf`, and an intent that is still open is ended: it never charged, and from then on it never
 * will.
 */
async function settle(ports: StepPorts, known: Lookup): Promise<StepResult> {
  if (known.outcome !== 'open') return resultOf(known)
  return (await ports.gateway.cancel(known.transactionId)) === 'cancelled'
    ? { input: { type: 'NOT_CHARGED' } }
    : { again: 'still open' }
}

/** Past the limit, or cancelled: charged after all, or ended so that it never will be, or nobody can say. */
async function endCharge(ports: StepPorts, saga: Saga): Promise<StepResult> {
  const result = await lookAgain(ports, saga)
  if (!('again' in result) || result.again !== 'unreachable') return result
  const age = ports.now().getTime() - Date.parse(saga.context.chargeStartedAt ?? '')
  // A buyer who cancels can wait for the gateway as long as everybody else.
  return saga.context.cancelRequested && age <= ports.unknownLimitMs
    ? result
    : { input: { type: 'GATEWAY_UNREACHABLE' } }
}

/**
 * What the gateway's books say; where they say nothing, a charge of ours that is still on its way is made
 * impossible.
 */
async function lookAgain(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const { chargeStartedAt, total, currency } = context
  if (total === undefined || !currency) throw new Error(`${orderId}: nothing was to be charged`)
  const since = new Date(chargeStartedAt ?? 0)
  const known = await ports.gateway.find(orderId, since)
  if (known.outcome !== 'none') return settle(ports, known)
  switch (await ports.gateway.forbid({ orderId, amount: total, currency, key: chargeKey(orderId) })) {
    case 'forbidden':
      return { input: { type: 'NOT_CHARGED' } }
    case 'used': {
      // It came in between, or the search lags: it may have been sent long after it was begun. Or it never
      // became anything.
      const after = await ports.gateway.findListed(orderId, since)
      return after.outcome === 'none' ? { input: { type: 'NOT_CHARGED' } } : settle(ports, after)
    }
    case 'unknown':
      return { again: 'unreachable' }
  }
}

async function release(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const { reservationId, failure } = context
  const answer = await ports.tickets.releaseClaim({
    body: { reservationId, orderId, reason: failure?.reason ?? 'PAYMENT_FAILED' },
  })
  ports.crashAt('saga.release.after-call')
  return answer.status === 200 ? { input: { type: 'RELEASED' } } : { again: answer.body.error, failing: true }
}

async function confirm(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const { reservationId, userId, holderName } = context
  const answer = await ports.tickets.confirmPurchase({ body: { reservationId, orderId, userId, holderName } })
  if (answer.status === 200)
    return { input: { type: 'TICKETS_ISSUED', tickets: answer.body.tickets.map(issuedTicket) } }
  const { reason, detail } = answer.body
  return { input: { type: 'TICKETS_REJECTED', reason, ...(detail && { detail }) } }
}

async function cancelTickets(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const reason = context.refundReason ?? 'EVENT_CANCELLED'
  const answer = await ports.tickets.cancelOrderTickets({ body: { orderId, reason, force: true } })
  return answer.status === 200
    ? { input: { type: 'TICKETS_CANCELLED' } }
    : { again: answer.body.error, failing: true }
}
