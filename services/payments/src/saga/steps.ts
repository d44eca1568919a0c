import type { ticketsInternalRoutes } from '@boxoffice/contracts'
import { type Client, type CrashAt, ServiceUnavailable, UnexpectedAnswer } from '@boxoffice/service-kit'
import type { Gateway, Lookup } from '../gateway/gateway.ts'
import { totalOf } from './advance.ts'
import { type Failure, type Saga, type SagaInput, stepOf } from './saga.ts'
import { chargeKey, refundKey } from './saga-repository.ts'

/**
 * What a step came to: an input for the table, or nothing yet. `soon`: nothing was sent, because of a limit of our own, and it
 * will be our turn in a moment. `failing`: undoing does not succeed.
 */
export type StepResult = { input: SagaInput } | { again: string; soon?: boolean; failing?: boolean }

export interface StepPorts {
  tickets: Client<typeof ticketsInternalRoutes>
  gateway: Gateway
  isEventCancelled(eventId: string): Promise<boolean>
  crashAt: CrashAt
  now: () => Date
  /** How long an outcome may stay unknown, in milliseconds. */
  unknownLimitMs: number
}

const KEY_LIFE_MS = 23 * 3_600_000 // Stripe forgets keys after 24 h: from then on we look before we charge

/** Makes the remote call of a saga's state. Every call carries ids and keys of ours: making it again changes nothing. */
export function createSteps(ports: StepPorts): (saga: Saga & { createdAt: Date }) => Promise<StepResult> {
  return async (saga) => {
    try {
      switch (saga.state) {
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
        case 'REFUNDING':
          return await refund(ports, saga)
        default:
          throw new Error(`a saga in ${saga.state} has nothing left to do`)
      }
    } catch (error) {
      if (!(error instanceof ServiceUnavailable || error instanceof UnexpectedAnswer)) throw error
      const soon = error instanceof ServiceUnavailable && isOwnLimit(error.reason)
      return { again: error.message, soon, failing: ['RELEASE', 'REFUND', 'CANCEL_TICKETS'].includes(stepOf(saga.state) ?? '') }
    }
  }
}

const isOwnLimit = (reason: string) => reason === 'BULKHEAD_FULL' || reason === 'RATE_LIMITED'

async function reserve(ports: StepPorts, { orderId, context, createdAt }: Saga & { createdAt: Date }): Promise<StepResult> {
  const { userId, reservationId, purchase } = context
  if (ports.now().getTime() - createdAt.getTime() > ports.unknownLimitMs) return { input: { type: 'LIMIT_PASSED' } }
  ports.crashAt('saga.reserve.before-call')
  const answer =
    purchase.kind === 'direct'
      ? await ports.tickets.reserve({
          body: { userId, orderId, reservationId, eventId: purchase.eventId, ticketRequests: purchase.ticketRequests },
        })
      : await ports.tickets.claimReservation({ body: { reservationId, orderId, userId } })
  ports.crashAt('saga.reserve.after-call')
  if (answer.status !== 200)
    return { input: { type: 'REFUSED', failure: refusalOf(answer.status, answer.body.error, answer.body.message) } }
  const { eventId, currency, tickets } = answer.body
  const items = tickets.map(({ ticketTypeId, quantity, unitPrice }) => ({ ticketTypeId, quantity, unitPrice }))
  const eventCancelled = await ports.isEventCancelled(eventId)
  return {
    input: { type: 'RESERVED', at: ports.now().toISOString(), eventId, items, total: totalOf(items), currency, eventCancelled },
  }
}

/** What the ticket service refused, as the buyer is told. */
function refusalOf(status: 400 | 404 | 409, code: string, message: string): Failure {
  const own = [
    'INSUFFICIENT_INVENTORY',
    'RESERVATION_EXPIRED',
    'SEATS_TAKEN',
    'SALES_CLOSED',
    'LIMIT_EXCEEDED',
    'EVENT_NOT_ON_SALE',
  ] as const
  return { reason: own.find((reason) => reason === code) ?? 'SYSTEM_ERROR', status, code, message }
}

async function charge(ports: StepPorts, { orderId, state, context }: Saga): Promise<StepResult> {
  const { eventId, total, currency, paymentToken, chargeStartedAt } = context
  if (!eventId || total === undefined || !currency || !paymentToken || !chargeStartedAt)
    throw new Error(`${orderId}: nothing to charge`)
  if (state === 'CHARGING' && (await ports.isEventCancelled(eventId))) return { input: { type: 'EVENT_CANCELLED' } }
  const age = ports.now().getTime() - Date.parse(chargeStartedAt)
  if (age > ports.unknownLimitMs) return { input: { type: 'LIMIT_PASSED' } }
  if (age > KEY_LIFE_MS) {
    const known = await ports.gateway.find(orderId, new Date(chargeStartedAt))
    if (known.outcome !== 'none') return resultOf(ports, eventId, known)
  }
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
      return settle(ports, eventId, await ports.gateway.find(orderId, new Date(chargeStartedAt)))
    default:
      return resultOf(ports, eventId, outcome)
  }
}

type Declined = Extract<Lookup, { outcome: 'declined' }>
const declined = ({ reason, message }: Declined): SagaInput => ({
  type: 'DECLINED',
  failure: { reason, status: 402, code: 'PAYMENT_DECLINED', message },
})

async function resultOf(ports: StepPorts, eventId: string, known: Lookup): Promise<StepResult> {
  if (known.outcome === 'charged') {
    const { transactionId } = known
    return { input: { type: 'CHARGED', transactionId, eventCancelled: await ports.isEventCancelled(eventId) } }
  }
  return known.outcome === 'declined' ? { input: declined(known) } : { again: known.outcome }
}

/** Like `resultOf`, and an intent that is still open is ended: it never charged, and from then on it never will. */
async function settle(ports: StepPorts, eventId: string, known: Lookup): Promise<StepResult> {
  if (known.outcome !== 'open') return resultOf(ports, eventId, known)
  return (await ports.gateway.cancel(known.transactionId)) === 'cancelled'
    ? { input: { type: 'NOT_CHARGED' } }
    : { again: 'still open' }
}

/** Past the limit: charged after all, or ended so that it never will be, or nobody can say. */
async function endCharge(ports: StepPorts, saga: Saga): Promise<StepResult> {
  const result = await lookAgain(ports, saga)
  return 'again' in result && result.again === 'unreachable' ? { input: { type: 'GATEWAY_UNREACHABLE' } } : result
}

/** What the gateway's books say once no charge of ours can be on its way any more. */
async function lookAgain(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const known = await ports.gateway.find(orderId, new Date(context.chargeStartedAt ?? 0))
  if (known.outcome === 'none') return { input: { type: 'NOT_CHARGED' } }
  return settle(ports, context.eventId ?? '', known)
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
  if (answer.status === 200) return { input: { type: 'TICKETS_ISSUED', tickets: answer.body.tickets } }
  return { input: { type: 'TICKETS_REJECTED', reason: answer.body.reason } }
}

async function cancelTickets(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const reason = context.refundReason ?? 'EVENT_CANCELLED'
  const answer = await ports.tickets.cancelOrderTickets({ body: { orderId, reason, force: true } })
  return answer.status === 200 ? { input: { type: 'TICKETS_CANCELLED' } } : { again: answer.body.error, failing: true }
}

async function refund(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const { transactionId, total, refundId } = context
  if (!transactionId || total === undefined) throw new Error(`${orderId}: nothing to refund`)
  const outcome = await ports.gateway.refund({ transactionId, amount: total, orderId, key: refundKey(orderId, refundId) })
  ports.crashAt('saga.refund.after-call')
  if (outcome.outcome === 'refunded') return { input: { type: 'REFUND_DONE', gatewayRefundId: outcome.gatewayRefundId } }
  return { again: outcome.reason, failing: true }
}
