import type { Lookup } from '../gateway/outcomes.ts'
import { type Call, type Calling, type CallPorts, isOwnLimit, KEY_LIFE_MS, type StepResult } from './call.ts'
import { chargeKey } from './keys.ts'
import type { Charging, Released } from './saga.ts'

type Known = 'CHARGED' | 'DECLINED'
/** The reason of a retry when the gateway cannot say whether it has charged. */
const UNREACHABLE = 'unreachable'

/** Charges, unless the event is cancelled. */
export const charge: Call<Charging, Known | 'EVENT_CANCELLED' | 'CHARGE_UNKNOWN' | 'LIMIT_PASSED'> = async (
  ports,
  saga,
) => {
  if (!saga.isEventSeen && (await ports.isEventCancelled(saga.context.eventId)))
    return giveUpCharge(ports, saga)
  const outcome = await chargeOnce(ports, saga)
  return 'unknown' in outcome ? { input: { type: 'CHARGE_UNKNOWN', reason: outcome.unknown } } : outcome
}

/** Repeats the charge under the same key until its outcome is known. */
export const chargeAgain: Call<Charging, Known | 'NOT_CHARGED' | 'LIMIT_PASSED'> = async (ports, saga) => {
  const outcome = await chargeOnce(ports, saga)
  if (!('unknown' in outcome)) return outcome
  // The key repeats an old error; the gateway's records have the real outcome.
  return resolveLookup(ports, await ports.gateway.find(saga.orderId, new Date(saga.context.chargeStartedAt)))
}

async function chargeOnce(
  ports: CallPorts,
  { orderId, context }: Calling<Charging>,
): Promise<StepResult<Known | 'LIMIT_PASSED'> | { unknown: string }> {
  const { total, currency, paymentToken, chargeStartedAt } = context
  const age = ports.now().getTime() - Date.parse(chargeStartedAt)
  if (age > ports.unknownLimitMs) return { input: { type: 'LIMIT_PASSED' } }
  if (age > KEY_LIFE_MS) {
    const known = await ports.gateway.find(orderId, new Date(chargeStartedAt))
    if (known.outcome !== 'none') return resultOf(known)
  }
  const request = { orderId, amount: total, currency, paymentToken, key: chargeKey(orderId) }
  const outcome = await ports.gateway.charge(request)
  switch (outcome.outcome) {
    case 'not-sent':
      return { retryReason: outcome.reason, isOwnLimit: isOwnLimit(outcome.reason) }
    case 'unknown':
      return { unknown: outcome.reason }
    default:
      return resultOf(outcome)
  }
}

/** Gives up a charge because the event is cancelled. A worker that died may have sent the charge. */
async function giveUpCharge(
  ports: CallPorts,
  saga: Calling<Charging>,
): Promise<StepResult<Known | 'EVENT_CANCELLED'>> {
  const result = await lookUpCharge(ports, saga)
  if (!('input' in result)) return result
  const { input } = result
  return { input: input.type === 'NOT_CHARGED' ? { type: 'EVENT_CANCELLED' } : input }
}

function resultOf(known: Lookup): StepResult<Known> {
  // The transaction that applies this reads whether the event is cancelled.
  if (known.outcome === 'charged') {
    return { input: { type: 'CHARGED', transactionId: known.transactionId, eventCancelled: false } }
  }
  if (known.outcome !== 'declined') return { retryReason: known.outcome }
  const { reason, message } = known
  return { input: { type: 'DECLINED', failure: { reason, status: 402, code: 'PAYMENT_DECLINED', message } } }
}

/** Like `resultOf`, but cancels an intent that is still open, so that it can never charge. */
async function resolveLookup(ports: CallPorts, known: Lookup): Promise<StepResult<Known | 'NOT_CHARGED'>> {
  if (known.outcome !== 'open') return resultOf(known)
  return (await ports.gateway.cancel(known.transactionId)) === 'cancelled'
    ? { input: { type: 'NOT_CHARGED' } }
    : { retryReason: 'still open' }
}

/**
 * Ends a charge past the limit, or of a cancelled order: it has charged, it is cancelled for good, or the
 * gateway cannot say.
 */
export const endCharge: Call<Charging, Known | 'NOT_CHARGED' | 'GATEWAY_UNREACHABLE'> = async (
  ports,
  saga,
) => {
  const result = await lookUpCharge(ports, saga)
  if (!('retryReason' in result) || result.retryReason !== UNREACHABLE) return result
  const age = ports.now().getTime() - Date.parse(saga.context.chargeStartedAt)
  // A buyer who cancels waits for the gateway only as long as others do.
  const mayWait = saga.context.cancelRequested && age <= ports.unknownLimitMs
  return mayWait ? result : { input: { type: 'GATEWAY_UNREACHABLE' } }
}

/** Looks the charge up at the gateway; if there is none, makes a charge still in flight impossible. */
export const lookUpCharge: Call<Charging | Released, Known | 'NOT_CHARGED'> = async (
  ports,
  { orderId, context },
) => {
  const { chargeStartedAt, total, currency } = context
  const since = new Date(chargeStartedAt)
  const known = await ports.gateway.find(orderId, since)
  if (known.outcome !== 'none') return resolveLookup(ports, known)
  switch (await ports.gateway.forbid({ orderId, amount: total, currency, key: chargeKey(orderId) })) {
    case 'forbidden':
      return { input: { type: 'NOT_CHARGED' } }
    case 'used': {
      // The charge arrived in between, or the search lags, since it may have been sent long after it began;
      // or it failed.
      const after = await ports.gateway.findListed(orderId, since)
      return after.outcome === 'none' ? { input: { type: 'NOT_CHARGED' } } : resolveLookup(ports, after)
    }
    case 'unknown':
      return { retryReason: UNREACHABLE }
  }
}
export const lookUpLateCharge: Call<Released, Known | 'NOT_CHARGED'> = lookUpCharge
