import { disputeClosed, type OrderId, opsAlert, type RefundId } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import { continueTrace, type Tx } from '@boxoffice/service-kit'
import { getOrder } from '../orders/order-repository.ts'
import { UnexpectedInput } from '../saga/advance.ts'
import type { Applied, Apply } from '../saga/apply.ts'
import type { SagaInput } from '../saga/input.ts'
import { appendNote } from '../saga/journal-repository.ts'
import { findOrderOfCharge, isBooked } from '../saga/ledger-repository.ts'
import { findSagaForUpdate, type StoredSaga } from '../saga/saga-repository.ts'
import { saveDisputeEnd } from './dispute-repository.ts'
import type { GatewayEvent } from './gateway-event.ts'

const SOURCE = 'payments'
export const NO_SUCH_ORDER = 'no such order'
export const KNOWN_ALREADY = 'known already'

type Of<K extends GatewayEvent['kind']> = Extract<GatewayEvent, { kind: K }>

interface HandlerOptions {
  append: Append
  apply: Apply
  newId: () => string
}

/** Handles gateway events: moves the saga, writes notes to the journal, and alerts operators to decisions. */
export function createGatewayEventHandler(options: HandlerOptions) {
  const { append, apply } = options

  /** Returns a description of the result for the record; null if the charge is unknown, or not known yet. */
  return async (tx: Tx, event: GatewayEvent): Promise<string | null> => {
    const orderId = 'orderId' in event ? event.orderId : await findOrderOfCharge(tx, event.transactionId)
    if (!orderId) return null
    const saga = await findSagaForUpdate(tx, orderId)
    if (!saga) return NO_SUCH_ORDER
    // In the trace of the purchase, whoever sent the event.
    return continueTrace(saga.traceparent, `gateway event ${event.kind}`, () => handle(tx, saga, event))
  }

  async function handle(tx: Tx, saga: StoredSaga, event: GatewayEvent): Promise<string> {
    switch (event.kind) {
      case 'charged': {
        const { transactionId } = event
        return move(tx, saga, { type: 'CHARGED', transactionId, eventCancelled: false })
      }
      case 'declined':
        return move(tx, saga, { type: 'DECLINED', failure: event.failure })
      case 'refunded':
        return refundedByHand(options, tx, saga, event)
      case 'refund-failed': {
        await appendNote(tx, saga, { step: 'REFUND', result: 'FAILED_AT_GATEWAY', detail: event.detail })
        const title = 'a refund did not reach the buyer: pay it another way'
        await alert(append, tx, 'CRITICAL', title, saga.orderId, event.detail)
        return 'alerted'
      }
      case 'dispute-opened':
        await appendNote(tx, saga, { step: 'DISPUTE', result: 'OPENED', detail: event.detail })
        await alert(append, tx, 'WARNING', 'a dispute: OPENED', saga.orderId, event.detail)
        return 'alerted'
      case 'dispute-closed':
        return disputeEnded(append, tx, saga, event)
    }
  }

  /** Rejects with UnexpectedInput if the saga's state does not expect it. */
  async function move(tx: Tx, saga: StoredSaga, input: SagaInput): Promise<string> {
    const applied = await apply(tx, saga, input)
    if (!applied.applied && applied.why === 'unexpected') {
      throw new UnexpectedInput(saga.state, input.type)
    }
    return outcomeOf(applied)
  }
}

const outcomeOf = (applied: Applied): string =>
  applied.applied ? `saga moved to ${applied.saga.state}` : KNOWN_ALREADY

const alert = (
  append: Append,
  tx: Tx,
  severity: 'WARNING' | 'CRITICAL',
  title: string,
  orderId: OrderId,
  detail: Record<string, unknown>,
) =>
  append(
    tx,
    opsAlert,
    { severity, source: SOURCE, title, detail: { orderId, ...detail } },
    { aggregateVersion: 1 },
  )

async function disputeEnded(
  append: Append,
  tx: Tx,
  saga: StoredSaga,
  event: Of<'dispute-closed'>,
): Promise<string> {
  const { disputeId, outcome, amount, closedAt, detail } = event
  const version = await saveDisputeEnd(tx, saga.orderId, event)
  if (version === null) return KNOWN_ALREADY
  await appendNote(tx, saga, { step: 'DISPUTE', result: outcome, detail })
  const { orderId, orderNumber, userId, eventId, currency } = await getOrder(tx, saga.orderId)
  if (!eventId || !currency) throw new Error(`${orderId} was charged without an event or a currency`)
  const payload = { orderId, orderNumber, userId, eventId, disputeId, outcome, amount, currency, closedAt }
  await append(tx, disputeClosed, payload, { aggregateVersion: version })
  const isLost = outcome === 'LOST'
  const title = isLost
    ? 'a dispute is lost: its tickets are stopped, unless their organizer chose otherwise'
    : `a dispute: ${outcome}`
  await alert(append, tx, isLost ? 'CRITICAL' : 'WARNING', title, orderId, detail)
  return 'alerted'
}

async function refundedByHand(
  { append, apply, newId }: HandlerOptions,
  tx: Tx,
  saga: StoredSaga,
  event: Of<'refunded'>,
): Promise<string> {
  const { gatewayRefundId, amount } = event
  if (await isBooked(tx, gatewayRefundId)) return KNOWN_ALREADY
  const refundId = newId() as RefundId
  const applied = await apply(tx, saga, { type: 'REFUNDED_ELSEWHERE', refundId, gatewayRefundId, amount })
  const detail = { gatewayRefundId, amountMinor: amount, state: saga.state }
  if (!applied.applied) {
    await alert(
      append,
      tx,
      'CRITICAL',
      'a refund at the gateway exceeds what the order has left',
      saga.orderId,
      detail,
    )
    return 'alerted'
  }
  const { refunded = 0, total = 0 } = applied.saga.context
  const title =
    refunded < total
      ? 'part of an order was refunded at the gateway: decide on its tickets'
      : 'an order was refunded at the gateway'
  await alert(append, tx, 'WARNING', title, saga.orderId, detail)
  return outcomeOf(applied)
}
