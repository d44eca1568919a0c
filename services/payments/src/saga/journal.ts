import type { OrderId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import { refundOf } from './giving-back.ts'
import { type Saga, type SagaContext, type SagaInput, type SagaState, stepOf } from './saga.ts'

/** A saga with the fence of who works on it. */
type Worked = Saga & { fence: number }

/** What is meant to be done next, for the journal. */
export const intentOf = (saga: Saga) => ({ step: stepOf(saga.state) ?? '', detail: intentDetail(saga) })

/**
 * What others did to an order's money, or asked for too late: it stands in the journal, and the saga does not
 * move. Lock the saga first. A buyer reads `detail.why`.
 */
export const appendNote = (
  tx: Tx,
  saga: Worked,
  note: { step: string; result: string; detail: Record<string, unknown> },
) => appendEvent(tx, saga, { moment: 'NOTE', ...note })

/** The key and the parameters of the call that follows: what another worker needs to make the same one. */
function intentDetail({ state, orderId, context }: Saga): Record<string, unknown> {
  const { reservationId, total, currency, transactionId } = context
  const { refundId, amount, ticketIds, reason } = refundOf(context)
  if (state === 'WITHDRAWING_TICKETS') return { refundId, reason, ticketIds }
  switch (stepOf(state)) {
    case 'CHARGE':
      return { key: chargeKey(orderId), amount: total, currency }
    case 'REFUND':
      return { key: refundKey(orderId, context), refundId, transactionId, amount, currency }
    default:
      return { reservationId }
  }
}
/** Our idempotency keys at the gateway: the same however often a process dies in between. */
export const chargeKey = (orderId: OrderId) => `order:${orderId}:charge`
/** A refund of another amount is another request to the gateway, which binds a key to its parameters. */
export function refundKey(orderId: OrderId, context: SagaContext): string {
  const { refundId, amount, reduced } = refundOf(context)
  return `order:${orderId}:refund:${refundId}${reduced ? `:${amount}` : ''}`
}

/** The next event of a journal. Lock the saga first. */
async function appendEvent(
  tx: Tx,
  saga: Worked,
  event: {
    moment: SagaEvent['moment']
    step: string
    result?: string
    input?: SagaInput
    detail?: Record<string, unknown>
  },
): Promise<void> {
  await tx.query(
    `insert into saga_events (order_id, seq, moment, step, result, input, detail, state, fence)
     values ($1, (select coalesce(max(seq), 0) + 1 from saga_events where order_id = $1), $2, $3, $4, $5, $6, $7, $8)`,
    [
      saga.orderId,
      event.moment,
      event.step,
      event.result ?? null,
      event.input ? JSON.stringify(event.input) : null,
      event.detail ? JSON.stringify(event.detail) : null,
      saga.state,
      saga.fence,
    ],
  )
}

export interface SagaEvent {
  at: Date
  moment: 'INTENT' | 'RESULT' | 'NOTE'
  step: string
  result: string | null
  input: SagaInput | null
  detail: Record<string, unknown> | null
  state: SagaState
}

/** The journal of an order, the oldest first. */
export const listSagaEvents = (sql: Sql, orderId: OrderId): Promise<SagaEvent[]> =>
  sql.query<SagaEvent>(
    'select at, moment, step, result, input, detail, state from saga_events where order_id = $1 order by seq',
    [orderId],
  )
