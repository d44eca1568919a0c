import { eventCancelled, type OrderId, ticketsGenerated, ticketsRejected } from '@boxoffice/contracts'
import { on } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import { rememberCancelledEvent } from '../event-refunds/cancelled-event-repository.ts'
import type { createApplier } from './apply.ts'
import { issuedTicket, type SagaInput } from './saga.ts'
import { findSagaForUpdate } from './saga-repository.ts'

/** What the ticket and event services tell: translated into inputs of the saga. */
export function sagaSubscribers(apply: ReturnType<typeof createApplier>) {
  const tell = async (tx: Tx, orderId: OrderId, input: SagaInput) => {
    const saga = await findSagaForUpdate(tx, orderId)
    if (!saga) throw new Error(`there is no saga of order ${orderId}`)
    await apply(tx, saga, input)
  }
  return [
    on(ticketsGenerated, (tx, { payload: { orderId, tickets, part, parts } }) =>
      tell(tx, orderId, {
        type: 'TICKETS_ISSUED',
        part,
        parts,
        tickets: tickets.map(issuedTicket),
      }),
    ),
    on(ticketsRejected, (tx, { payload: { orderId, reason, detail } }) =>
      tell(tx, orderId, { type: 'TICKETS_REJECTED', reason, detail }),
    ),
    on(eventCancelled, (tx, { payload: { eventId } }) => rememberCancelledEvent(tx, eventId)),
  ]
}
