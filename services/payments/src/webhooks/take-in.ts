import { disputeClosed, type OrderId, opsAlert, type RefundId } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import { continueTrace, type Tx } from '@boxoffice/service-kit'
import { getOrder } from '../orders/order-repository.ts'
import type { Applied, Apply } from '../saga/apply.ts'
import { appendNote } from '../saga/journal.ts'
import { findOrderOfCharge, isBooked } from '../saga/ledger.ts'
import { findSagaForUpdate, type StoredSaga } from '../saga/saga-repository.ts'
import { keepDisputeEnd } from './dispute-repository.ts'
import type { Told } from './told.ts'

const SOURCE = 'payments'
export const NO_SUCH_ORDER = 'no such order'
export const KNOWN_ALREADY = 'known already'

/**
 * Takes in what the gateway tells: the saga moves, the journal remembers, people are told of what they have
 * to decide.
 */
export function createTakeIn(options: { append: Append; apply: Apply; newId: () => string }) {
  const { append, apply, newId } = options

  const alert = (
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

  /**
   * What came of it, in words for the record; null where it is about a charge that we do not know, or not
   * yet.
   */
  return async (tx: Tx, told: Told): Promise<string | null> => {
    const orderId = 'orderId' in told ? told.orderId : await findOrderOfCharge(tx, told.transactionId)
    if (!orderId) return null
    const saga = await findSagaForUpdate(tx, orderId)
    if (!saga) return NO_SUCH_ORDER
    // Whoever tells it: it is a part of the purchase, and what follows of it too.
    return continueTrace(saga.traceparent, `told ${told.kind}`, () => takeInto(tx, saga, told))
  }

  async function takeInto(tx: Tx, saga: StoredSaga, told: Told): Promise<string> {
    switch (told.kind) {
      case 'charged':
        return said(
          await apply(tx, saga, {
            type: 'CHARGED',
            transactionId: told.transactionId,
            eventCancelled: false,
          }),
        )
      case 'declined':
        return said(await apply(tx, saga, { type: 'DECLINED', failure: told.failure }))
      case 'refunded':
        return refundedByHand(tx, saga, told)
      case 'refund-failed':
        await appendNote(tx, saga, { step: 'REFUND', result: 'FAILED_AT_GATEWAY', detail: told.detail })
        await alert(
          tx,
          'CRITICAL',
          'a refund did not reach the buyer: give the money another way',
          saga.orderId,
          told.detail,
        )
        return 'alerted'
      case 'dispute-opened':
        await appendNote(tx, saga, { step: 'DISPUTE', result: 'OPENED', detail: told.detail })
        await alert(tx, 'WARNING', 'a dispute: OPENED', saga.orderId, told.detail)
        return 'alerted'
      case 'dispute-closed':
        return disputeEnded(tx, saga, told)
    }
  }

  async function disputeEnded(
    tx: Tx,
    saga: StoredSaga,
    told: Extract<Told, { kind: 'dispute-closed' }>,
  ): Promise<string> {
    const { disputeId, outcome, amount, closedAt, detail } = told
    const version = await keepDisputeEnd(tx, saga.orderId, told)
    if (version === null) return KNOWN_ALREADY
    await appendNote(tx, saga, { step: 'DISPUTE', result: outcome, detail })
    const { orderId, orderNumber, userId, eventId, currency } = await getOrder(tx, saga.orderId)
    if (!eventId || !currency) throw new Error(`${orderId} was charged without an event or a currency`)
    const about = { orderId, orderNumber, userId, eventId }
    await append(
      tx,
      disputeClosed,
      { ...about, disputeId, outcome, amount, currency, closedAt },
      { aggregateVersion: version },
    )
    const isLost = outcome === 'LOST'
    const title = isLost
      ? 'a dispute is lost: its tickets stop, unless their organizer has it otherwise'
      : `a dispute: ${outcome}`
    await alert(tx, isLost ? 'CRITICAL' : 'WARNING', title, orderId, detail)
    return 'alerted'
  }

  async function refundedByHand(
    tx: Tx,
    saga: StoredSaga,
    told: Extract<Told, { kind: 'refunded' }>,
  ): Promise<string> {
    const { gatewayRefundId, amount } = told
    if (await isBooked(tx, gatewayRefundId)) return KNOWN_ALREADY
    const refundId = newId() as RefundId
    const applied = await apply(tx, saga, { type: 'REFUNDED_ELSEWHERE', refundId, gatewayRefundId, amount })
    const detail = { gatewayRefundId, amountMinor: amount, state: saga.state }
    if (!applied.applied) {
      await alert(
        tx,
        'CRITICAL',
        'a refund at the gateway that the order has no money for',
        saga.orderId,
        detail,
      )
      return 'alerted'
    }
    const isPart = (applied.saga.context.refunded ?? 0) < (applied.saga.context.total ?? 0)
    const title = isPart
      ? 'part of an order was refunded at the gateway: decide on its tickets'
      : 'an order was refunded at the gateway'
    await alert(tx, 'WARNING', title, saga.orderId, detail)
    return said(applied)
  }
}

const said = (applied: Applied): string =>
  applied.applied ? `saga moved to ${applied.saga.state}` : KNOWN_ALREADY
