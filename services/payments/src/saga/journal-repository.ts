import type { OrderId, SagaState } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { SagaInput } from './input.ts'
import type { SagaEvent } from './journal.ts'

/** The saga of an event, with the fence of its worker. */
interface Worked {
  readonly orderId: OrderId
  readonly state: SagaState
  readonly fence: number
}

/**
 * Appends a note about what others did to an order's money, or requested too late; the saga does not move.
 * Lock the saga first. `detail.why` is shown to the buyer.
 */
export const appendNote = (
  tx: Tx,
  saga: Worked,
  note: { step: string; result: string; detail: Record<string, unknown> },
) => appendEvent(tx, saga, { moment: 'NOTE', ...note })

/** Appends the next event of a journal. Lock the saga first. */
async function appendEvent(
  tx: Tx,
  saga: Worked,
  event: Pick<SagaEvent, 'moment' | 'step'> & {
    result?: string
    input?: SagaInput
    detail?: Record<string, unknown>
  },
): Promise<void> {
  await tx.query(
    `insert into saga_events (order_id, seq, moment, step, result, input, detail, state, fence)
     values ($1, (select coalesce(max(seq), 0) + 1 from saga_events where order_id = $1), $2, $3, $4, $5, $6,
       $7, $8)`,
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

/** Returns the journal of an order, oldest first. */
export const listSagaEvents = (sql: Sql, orderId: OrderId): Promise<SagaEvent[]> =>
  sql.query<SagaEvent>(
    `select at, moment, step, result, input, detail, state from saga_events
     where order_id = $1 order by seq`,
    [orderId],
  )
