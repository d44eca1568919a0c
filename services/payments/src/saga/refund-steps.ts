import type { RefundId } from '@boxoffice/contracts'
import { refundOf } from './giving-back.ts'
import { refundKey } from './journal.ts'
import type { Saga } from './saga.ts'
import type { StoredSaga } from './saga-repository.ts'
import { isOwnLimit, KEY_LIFE_MS, type StepPorts, type StepResult } from './step-ports.ts'

/**
 * The tickets stop admitting before any money goes back; what they were worth comes from the ticket service's
 * answer alone.
 */
export async function withdrawTickets(ports: StepPorts, { orderId, context }: Saga): Promise<StepResult> {
  const { refundId, ticketIds, reason, force } = refundOf(context)
  const answer = await ports.tickets.cancelOrderTickets({
    body: { orderId, refundId, ticketIds, reason, force },
  })
  ports.crashAt('refund.after-cancel')
  if (answer.status === 200) {
    return {
      input: { type: 'TICKETS_WITHDRAWN', at: ports.now().toISOString(), tickets: answer.body.cancelled },
    }
  }
  const inTheWay = answer.status === 409 ? answer.body.ticketIds : []
  return { input: { type: 'WITHDRAWAL_REFUSED', code: answer.body.error, ticketIds: inTheWay } }
}

/** Money back, once: under our key, and looked up first where the key may say nothing any more. */
export async function repay(ports: StepPorts, saga: StoredSaga): Promise<StepResult> {
  const { orderId, state, context, attempts } = saga
  const { transactionId } = context
  if (!transactionId) throw new Error(`${orderId}: nothing to refund`)
  const { refundId, amount, startedAt, reduced } = refundOf(context)
  const age = startedAt ? ports.now().getTime() - Date.parse(startedAt) : 0
  if (attempts > 0 || reduced || age > KEY_LIFE_MS) {
    const known = await lookUp(ports, saga, transactionId)
    if (known) return known
  }
  const outcome = await ports.gateway.refund({
    transactionId,
    amount,
    orderId,
    refundId,
    key: refundKey(orderId, context),
  })
  ports.crashAt(state === 'REPAYING' ? 'refund.after-gateway' : 'saga.refund.after-call')
  switch (outcome.outcome) {
    case 'refunded':
      return { input: { type: 'REFUND_DONE', gatewayRefundId: outcome.gatewayRefundId } }
    case 'refused':
      return (await lookUp(ports, saga, transactionId)) ?? { again: outcome.reason, failing: true }
    case 'not-sent':
      return { again: outcome.reason, soon: isOwnLimit(outcome.reason), failing: true }
    case 'unknown':
      return { again: outcome.reason, failing: true }
  }
}

/**
 * What the gateway's books say of this refund, and of others that nobody told us of; null where it is to be
 * made.
 */
async function lookUp(
  ports: StepPorts,
  { orderId, context }: Saga,
  transactionId: string,
): Promise<StepResult | null> {
  const known = await ports.gateway.findRefunds(transactionId)
  if (!known) return { again: 'the gateway cannot be asked', failing: true }
  const { refundId } = refundOf(context)
  for (const { gatewayRefundId, amount, ...metadata } of known) {
    if (await ports.isBooked(gatewayRefundId)) continue
    // Those of before refunds had ids of their own were of the whole order.
    if (metadata.refundId === refundId || (metadata.orderId === orderId && !metadata.refundId))
      return { input: { type: 'REFUND_DONE', gatewayRefundId } }
    return {
      input: { type: 'REFUNDED_ELSEWHERE', refundId: ports.newId() as RefundId, gatewayRefundId, amount },
    }
  }
  return null
}
