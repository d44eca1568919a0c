import type { RefundId } from '@boxoffice/contracts'
import { refundOf } from './amounts.ts'
import { type Call, type Calling, type CallPorts, isOwnLimit, KEY_LIFE_MS, type StepResult } from './call.ts'
import { refundKey } from './keys.ts'
import type { Refunding, Withdrawing } from './saga.ts'

type Refunds = 'REFUND_DONE' | 'REFUNDED_ELSEWHERE'

/** Refunds once: under our key, and looked up first if the key may have expired. */
const makeRefund: Call<Refunding | Withdrawing, Refunds> = async (ports, saga) => {
  const { orderId, context, attempts } = saga
  const { transactionId } = context
  if (!transactionId) throw new Error(`${orderId}: nothing to refund`)
  const { refundId, amount, startedAt, reduced } = refundOf(context)
  const age = startedAt ? ports.now().getTime() - Date.parse(startedAt) : 0
  if (attempts > 0 || reduced || age > KEY_LIFE_MS) {
    const known = await lookUp(ports, saga, transactionId)
    if (known) return known
  }
  const key = refundKey(orderId, context)
  const outcome = await ports.gateway.refund({ transactionId, amount, orderId, refundId, key })
  switch (outcome.outcome) {
    case 'refunded':
      return { input: { type: 'REFUND_DONE', gatewayRefundId: outcome.gatewayRefundId } }
    case 'refused':
      return (await lookUp(ports, saga, transactionId)) ?? { retryReason: outcome.reason, isFailure: true }
    case 'not-sent':
      return { retryReason: outcome.reason, isOwnLimit: isOwnLimit(outcome.reason), isFailure: true }
    case 'unknown':
      return { retryReason: outcome.reason, isFailure: true }
  }
}
/** Refunds all of a purchase that could not be honoured. */
export const refundAll: Call<Refunding, Refunds> = makeRefund
/** Refunds what was requested, as far as its tickets were paid for. */
export const repay: Call<Withdrawing, Refunds> = makeRefund

/** Looks up this refund at the gateway, and others not known yet; null if it has to be made. */
async function lookUp(
  ports: CallPorts,
  { orderId, context }: Calling<Refunding | Withdrawing>,
  transactionId: string,
): Promise<StepResult<Refunds> | null> {
  const known = await ports.gateway.findRefunds(transactionId)
  if (!known) return { retryReason: 'the gateway is unavailable', isFailure: true }
  const { refundId } = refundOf(context)
  for (const { gatewayRefundId, amount, ...metadata } of known) {
    if (await ports.isBooked(gatewayRefundId)) continue
    // Refunds from before they had ids covered the whole order.
    if (metadata.refundId === refundId || (metadata.orderId === orderId && !metadata.refundId))
      return { input: { type: 'REFUND_DONE', gatewayRefundId } }
    return {
      input: { type: 'REFUNDED_ELSEWHERE', refundId: ports.newId() as RefundId, gatewayRefundId, amount },
    }
  }
  return null
}
